import type { RowRange } from '../../protocol/dataset.ts';
import type { Side } from '../../protocol/harness.ts';
import type { BothSides } from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { seededRandom } from '../random.ts';
import { loadedFirst, type MeasurementContext, openPair, unwrap } from './measurementContext.ts';
import { shapeRound } from './plan.ts';
import type { EfPair, RoundSample } from './roundSample.ts';
import type { RoundSource } from './sequential.ts';
import { requireTrueAnswers } from './sweep.ts';

export interface LivePlan {
  readonly sides: BothSides<Side>;
  readonly efPairs: readonly EfPair[];
  /** Rough seconds per query of both sides together at an ef pair. */
  readonly secondsPerQuery: (pair: EfPair) => number;
  readonly chunk: number;
  readonly lead: number;
  readonly rows: RowRange;
  /** Looks over which the rounds are spread, and fresh process pairs. */
  readonly looks: number;
  readonly processPairs: number;
  /** Time, in milliseconds of `clock.monotonic()`, after which no further pass starts. */
  readonly deadline: number;
  /** Run every planned pass, in its shortest form once the deadline has passed. */
  readonly runAllPasses?: boolean;
  readonly seed: string;
  readonly slowReference?: number;
  readonly slowCandidate?: number;
}

/** What the rounds that ran looked like, for the record. */
export interface LiveFacts {
  readonly chunk: number;
  readonly lead: number;
  readonly hugePages: BothSides<number>;
}

const warmQueries = 200;
/** Of a part's time, what loading the indexes leaves. */
const timingShare = 0.75;
const mostPasses = 4;
/** Chunk pairs at least, and what a round costs beside them: the fork and its page tables. */
const roundOverheadSeconds = 0.05;

/**
 * Rounds measured now. A pass visits every ef pair once in a fresh random order; passes are spread evenly over looks
 * and process pairs, and the time left is shared among the passes left. The first pass always runs whole.
 */
export class LiveRounds implements RoundSource {
  readonly #context: MeasurementContext;
  readonly #client: HarnessClient;
  readonly #plan: LivePlan;
  readonly #passes: number;
  #pass = 0;
  #processPair = 0;
  #openSeconds = 0;
  #facts: LiveFacts;

  /** Expects both sides open: they are the first process pair. */
  constructor(context: MeasurementContext, client: HarnessClient, plan: LivePlan) {
    this.#context = context;
    this.#client = client;
    this.#plan = plan;
    const parts = Math.max(plan.looks, plan.processPairs);
    const seconds = (plan.deadline - context.clock.monotonic()) / 1000;
    this.#passes = parts * passesThatFit(plan, seconds / parts);
    this.#facts = { chunk: plan.chunk, lead: plan.lead, hugePages: { reference: 0, candidate: 0 } };
  }

  get processPairs(): number {
    return this.#processPair + 1;
  }

  get facts(): LiveFacts {
    return this.#facts;
  }

  async next(look: number): Promise<readonly RoundSample[]> {
    const { looks, processPairs, deadline } = this.#plan;
    const rounds: RoundSample[] = [];
    while (this.#pass < this.#passes && Math.floor((this.#pass * looks) / this.#passes) < look) {
      const secondsLeft = (deadline - this.#context.clock.monotonic()) / 1000;
      const processPair = Math.floor((this.#pass * processPairs) / this.#passes);
      // An exchange is measured whole or not at all: half of one would favour a side.
      const startsExchange = processPair !== this.#processPair && processPair % 2 === 0;
      if (startsExchange && this.#plan.runAllPasses !== true && secondsLeft <= 2 * this.#openSeconds) {
        this.#pass = this.#passes;
        break;
      }
      if (processPair !== this.#processPair) await this.#reopen(processPair);
      rounds.push(...(await this.#runPass()));
      this.#pass++;
    }
    return rounds;
  }

  async #reopen(processPair: number): Promise<void> {
    const before = this.#context.clock.monotonic();
    await openPair(this.#client, this.#plan.sides, { replace: true, first: loadedFirst(processPair) });
    this.#openSeconds = (this.#context.clock.monotonic() - before) / 1000;
    this.#processPair = processPair;
  }

  async #runPass(): Promise<RoundSample[]> {
    const { efPairs, deadline, processPairs, seed } = this.#plan;
    const passesLeft = this.#passes - this.#pass;
    const opensLeft = processPairs - 1 - this.#processPair;
    const now = this.#context.clock.monotonic();
    const seconds = Math.max(0, (deadline - now) / 1000 - opensLeft * this.#openSeconds) / passesLeft;
    const random = seededRandom(seed, `pass ${this.#pass}`);
    const order = efPairs
      .map((pair) => ({ pair, key: random.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ pair }) => pair);
    const rounds: RoundSample[] = [];
    for (const pair of order) {
      rounds.push(await this.#runRound(pair, seconds / efPairs.length, Math.floor(random.next() * 2 ** 31)));
    }
    return rounds;
  }

  async #runRound(pair: EfPair, seconds: number, seed: number): Promise<RoundSample> {
    const { chunk, lead, rows, secondsPerQuery, slowReference, slowCandidate } = this.#plan;
    const perQuery = secondsPerQuery(pair);
    const room = Math.max(0, seconds - roundOverheadSeconds - warmQueries * perQuery);
    const shape = shapeRound({ chunk, lead, warm: warmQueries }, room, perQuery, rows.count);
    const expected = (shape.pairs * (shape.chunk + shape.lead) + shape.warm) * perQuery;
    const reply = unwrap(
      await this.#client.round({
        efA: pair.efReference,
        efB: pair.efCandidate,
        k: this.#context.k,
        ...shape,
        rows,
        seed,
        ...(slowReference === undefined ? {} : { slowA: slowReference }),
        ...(slowCandidate === undefined ? {} : { slowB: slowCandidate }),
        timeoutMs: 30_000 + 20_000 * expected,
      }),
    );
    requireTrueAnswers(reply.violationsA, `reference, timed round at ef ${pair.efReference}`);
    requireTrueAnswers(reply.violationsB, `timed round at ef ${pair.efCandidate}`);
    this.#facts = {
      chunk: reply.chunk,
      lead: shape.lead,
      hugePages: { reference: reply.hugePagesA, candidate: reply.hugePagesB ?? 0 },
    };
    return {
      ...pair,
      processPair: this.#processPair,
      pairs: reply.pairs.map(({ first, a, b }) => ({
        first: first === 'a' ? 'reference' : 'candidate',
        secondsReference: a,
        secondsCandidate: b ?? Number.NaN,
      })),
    };
  }
}

/**
 * How often the ef pairs are gone through in `seconds`, with rounds of one ABBA turn. A fork lays its scratch memory
 * anew, and where it lies moves the whole round by a few per cent: many short rounds say more than a few long ones.
 */
function passesThatFit({ efPairs, secondsPerQuery, chunk, lead }: LivePlan, seconds: number): number {
  const queries = warmQueries + 2 * (chunk + lead);
  const pass = efPairs.reduce((sum, pair) => sum + roundOverheadSeconds + queries * secondsPerQuery(pair), 0);
  return Math.max(1, Math.min(mostPasses, Math.floor((timingShare * seconds) / pass)));
}
