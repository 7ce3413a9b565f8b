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
import type { RoundSample } from './roundSample.ts';
import { type DecisionSettings, decideSequentially, type RoundSource } from './sequential.ts';

/** Rounds of the reference against itself, by process pair. */
export type AaBank = ReadonlyMap<number, readonly RoundSample[]>;

export function bankOf(rounds: readonly RoundSample[]): AaBank {
  const bank = new Map<number, RoundSample[]>();
  for (const round of rounds) {
    const same = bank.get(round.processPair) ?? [];
    same.push(round);
    bank.set(round.processPair, same);
  }
  return bank;
}

/**
 * A comparison put together from the bank: process pairs drawn with replacement, their labels swapped at random, and
 * for each pass one round per ef pair, none twice until all of that ef pair were used.
 */
export class ReplayedRounds implements RoundSource {
  readonly #bank: AaBank;
  readonly #random: Random;
  readonly #looks: number;
  readonly #processPairs: number;
  readonly #passes: number;
  #pass = 0;
  #drawnFor = -1;
  #strata: RoundSample[][] = [];
  #swap = false;

  constructor(bank: AaBank, random: Random, looks: number, processPairs: number) {
    this.#bank = bank;
    this.#random = random;
    this.#looks = looks;
    this.#processPairs = processPairs;
    this.#passes = Math.max(looks, processPairs);
  }

  async next(look: number): Promise<readonly RoundSample[]> {
    const rounds: RoundSample[] = [];
    while (this.#pass < this.#passes && Math.floor((this.#pass * this.#looks) / this.#passes) < look) {
      const processPair = Math.floor((this.#pass * this.#processPairs) / this.#passes);
      if (processPair !== this.#drawnFor) this.#drawProcessPair(processPair);
      const turn = this.#pass++;
      for (const stratum of this.#strata) {
        const round = stratum[turn % stratum.length]!;
        rounds.push({ ...(this.#swap ? swapped(round) : round), processPair });
      }
    }
    return rounds;
  }

  #drawProcessPair(processPair: number): void {
    const keys = [...this.#bank.keys()];
    const drawn = this.#bank.get(keys[Math.floor(this.#random.next() * keys.length)]!)!;
    this.#swap = this.#random.next() < 0.5;
    this.#drawnFor = processPair;
    const strata = new Map<string, RoundSample[]>();
    for (const round of drawn) {
      const key = `${round.efReference}/${round.efCandidate}`;
      strata.set(key, [...(strata.get(key) ?? []), round]);
    }
    this.#strata = [...strata.values()].map((rounds) => shuffled(rounds, this.#random));
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

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

export interface ReplayPlan {
  readonly replays: number;
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
 * Spread between process pairs: the standard deviation of their separate estimates. The chunk noise in them stays in,
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
