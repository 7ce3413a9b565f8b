import type { EfPair, RecallPoint, RoundSample } from '../../../src/engine/benchmark/roundSample.ts';
import type { RoundSource } from '../../../src/engine/benchmark/sequential.ts';
import type { Random } from '../../../src/engine/ports.ts';

/** Rounds as a small shared machine makes them, with every effect known. */
export interface Machine {
  /** Standard deviations of ln(time): drift from round to round, chunk noise per side, fresh process pairs. */
  readonly drift: number;
  readonly chunkNoise: number;
  readonly processEffect: number;
  /** Share of chunks that lose 20 % to something else, and of rounds at half speed. */
  readonly outliers: number;
  readonly halfSpeed: number;
}

export const sharedMachine: Machine = {
  drift: 0.05,
  chunkNoise: 0.01,
  processEffect: 0.007,
  outliers: 0.02,
  halfSpeed: 0.1,
};

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Seconds per query of the simulated reference. */
export function referenceSeconds(ef: number): number {
  return 4e-5 + 6e-6 * ef;
}

export interface SimulationPlan {
  /** ln(time reference / time candidate): what the estimate should find. */
  readonly gain: number;
  readonly looks: number;
  readonly processPairs: number;
  /** Chunk pairs in a round. */
  readonly pairs: number;
}

/** Rounds of the simulated machine, spread over looks and process pairs as live ones are. */
export class SimulatedRounds implements RoundSource {
  readonly #random: Random;
  readonly #machine: Machine;
  readonly #efPairs: readonly EfPair[];
  readonly #plan: SimulationPlan;
  readonly #passes: number;
  #pass = 0;
  #processPair = -1;
  #shift = 0;

  constructor(random: Random, machine: Machine, efPairs: readonly EfPair[], plan: SimulationPlan) {
    this.#random = random;
    this.#machine = machine;
    this.#efPairs = efPairs;
    this.#plan = plan;
    this.#passes = Math.max(plan.looks, plan.processPairs);
  }

  async next(look: number): Promise<RoundSample[]> {
    const { looks, processPairs } = this.#plan;
    const rounds: RoundSample[] = [];
    while (this.#pass < this.#passes && Math.floor((this.#pass * looks) / this.#passes) < look) {
      const processPair = Math.floor((this.#pass++ * processPairs) / this.#passes);
      if (processPair !== this.#processPair) {
        this.#processPair = processPair;
        this.#shift = this.#machine.processEffect * normal(this.#random);
      }
      for (const pair of this.#efPairs) rounds.push(this.#round(pair));
    }
    return rounds;
  }

  #round(pair: EfPair): RoundSample {
    const random = this.#random;
    const { drift, chunkNoise, outliers, halfSpeed } = this.#machine;
    const level = drift * normal(random) + (random.next() < halfSpeed ? Math.LN2 : 0);
    const chunk = (base: number, shift: number): number => {
      const stolen = random.next() < outliers ? 0.2 : 0;
      return base * Math.exp(level + shift + chunkNoise * normal(random) + stolen);
    };
    return {
      ...pair,
      processPair: this.#processPair,
      pairs: Array.from({ length: this.#plan.pairs }, (_, i) => ({
        first: i % 2 === 0 ? 'reference' : 'candidate',
        secondsReference: chunk(referenceSeconds(pair.efReference), 0),
        secondsCandidate: chunk(referenceSeconds(pair.efCandidate), this.#shift - this.#plan.gain),
      })),
    };
  }
}

/** Recall of the simulated graph: query rows differ in how hard they are, as real ones do. */
export function simulatedRecall(
  efs: readonly number[],
  rows: number,
  k: number,
  random: Random,
): RecallPoint[] {
  const difficulty = Array.from({ length: rows }, () => Math.exp(0.8 * normal(random)));
  return efs.map((ef) => {
    const hits = Uint8Array.from(difficulty, (hard) => {
      const miss = Math.min(0.9, (0.75 * hard) / ef);
      let found = 0;
      for (let i = 0; i < k; i++) if (random.next() >= miss) found++;
      return found;
    });
    const recall = hits.reduce((sum, hit) => sum + hit, 0) / (rows * k);
    return { ef, recall, hits, secondsPerQuery: referenceSeconds(ef) };
  });
}
