import type { FalseCalls } from '../../protocol/calibration.ts';
import type { Random } from '../ports.ts';
import { binomialUpperBound, standardDeviation } from '../statistics.ts';
import {
  type BootstrapInput,
  bootstrapEstimates,
  defaultProcessEffect,
  type ProcessEffect,
} from './bootstrap.ts';
import { observe } from './levels.ts';
import { exchangeOf } from './measurementContext.ts';
import type { RoundSample } from './roundSample.ts';
import { type DecisionSettings, decideSequentially, type RoundSource } from './sequential.ts';

/** Rounds of the reference against itself, by exchange; each keeps the parity of its process pair. */
export type AaBank = ReadonlyMap<number, readonly RoundSample[]>;

export function bankOf(rounds: readonly RoundSample[]): AaBank {
  const bank = new Map<number, RoundSample[]>();
  for (const round of rounds) {
    const exchange = exchangeOf(round.processPair);
    bank.set(exchange, [...(bank.get(exchange) ?? []), round]);
  }
  return bank;
}

/**
 * A comparison put together from the bank: an exchange drawn with replacement for each that is planned, its labels
 * swapped at random, and from each of its loads one round per ef pair.
 */
export class ReplayedRounds implements RoundSource {
  readonly #bank: AaBank;
  readonly #random: Random;
  readonly #looks: number;
  readonly #exchanges: number;
  #drawn = 0;

  constructor(bank: AaBank, random: Random, looks: number, processPairs: number) {
    this.#bank = bank;
    this.#random = random;
    this.#looks = looks;
    this.#exchanges = processPairs / 2;
  }

  async next(look: number): Promise<readonly RoundSample[]> {
    const rounds: RoundSample[] = [];
    while (this.#drawn < (this.#exchanges * look) / this.#looks) rounds.push(...this.#draw(this.#drawn++));
    return rounds;
  }

  #draw(exchange: number): RoundSample[] {
    const keys = [...this.#bank.keys()];
    const drawn = this.#bank.get(keys[Math.floor(this.#random.next() * keys.length)]!)!;
    const swap = this.#random.next() < 0.5;
    const choices = new Map<string, RoundSample[]>();
    for (const round of drawn) {
      const key = `${round.processPair % 2}/${round.efReference}/${round.efCandidate}`;
      choices.set(key, [...(choices.get(key) ?? []), round]);
    }
    return [...choices.values()].map((rounds) => {
      const round = rounds[Math.floor(this.#random.next() * rounds.length)]!;
      return { ...(swap ? swapped(round) : round), processPair: 2 * exchange + (round.processPair % 2) };
    });
  }
}

function swapped(round: RoundSample): RoundSample {
  return {
    ...round,
    efReference: round.efCandidate,
    efCandidate: round.efReference,
    pairs: round.pairs.map((pair) => ({
      first: pair.first === 'reference' ? 'candidate' : 'reference',
      secondsReference: pair.secondsCandidate,
      secondsCandidate: pair.secondsReference,
    })),
  };
}

export interface ReplayPlan {
  readonly replays: number;
  /** Even: whole exchanges. */
  readonly processPairs: number;
  readonly settings: DecisionSettings;
  readonly signal?: AbortSignal | undefined;
}

/** Runs the decision procedure on replayed comparisons of equals and counts how often it calls a difference. */
export async function countFalseCalls(bank: AaBank, plan: ReplayPlan): Promise<FalseCalls> {
  const { settings, replays } = plan;
  let calls = 0;
  for (let i = 0; i < replays; i++) {
    plan.signal?.throwIfAborted();
    const random = settings.random.fork(`replay ${i}`);
    const source = new ReplayedRounds(bank, random.fork('draw'), settings.looks, plan.processPairs);
    const decision = await decideSequentially(source, { ...settings, random });
    if (decision.stopped === 'decided') calls++;
    // The event loop gets a turn, so that cancelling works.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { replays, calls, rate: calls / replays, upperBound: binomialUpperBound(calls, replays) };
}

/**
 * Spread between exchanges: the standard deviation of their separate estimates. The chunk noise in them stays in,
 * which errs on the safe side; taking off an estimate of it would at times leave nothing.
 */
export function estimateProcessEffect(
  bank: AaBank,
  input: Omit<BootstrapInput, 'observations' | 'processEffect'>,
): ProcessEffect {
  const estimates = [...bank.values()].map((rounds) => {
    const point = { ...input, processEffect: defaultProcessEffect, replicates: 2 };
    return bootstrapEstimates({ ...point, observations: observe(rounds) }).logRatio.value;
  });
  return { sd: standardDeviation(estimates, 1), df: estimates.length - 1 };
}
