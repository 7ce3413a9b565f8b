/** Measured groups on disk: what was measured once is not measured again when the benchmark is cut off and repeated. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { mean, standardDeviation, studentCritical } from '../../../src/engine/statistics.ts';
import { methodNames } from './methods.ts';

const resultSchema = z.object({
  method: z.enum(methodNames),
  seed: z.number(),
  dataset: z.string(),
  module: z.string(),
  /** Candidates per group. */
  group: z.number(),
  /** 1-based; 0: zero-shot, on a dataset that was never trained on. */
  round: z.number(),
  rewards: z.array(z.number()),
  /** ln(AUC candidate / AUC reference) of the accepted candidates. */
  gains: z.array(z.number()),
  seconds: z.number(),
});
export type Result = z.infer<typeof resultSchema>;

export class Results {
  readonly #path: string;
  #known: Result[];

  constructor(path: string) {
    this.#path = path;
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    // The last line may have been cut off.
    this.#known = lines.flatMap((line) => {
      try {
        return [resultSchema.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
  }

  add(results: readonly Result[]): void {
    this.#known.push(...results);
    appendFileSync(this.#path, linesOf(results));
  }

  of(wanted: Partial<Result>): Result[] {
    return this.#known.filter((result) => fits(result, wanted));
  }

  /** Forgets what has to be measured anew. */
  remove(unwanted: Partial<Result>): void {
    this.#known = this.#known.filter((result) => !fits(result, unwanted));
    writeFileSync(this.#path, linesOf(this.#known));
  }
}

function linesOf(results: readonly Result[]): string {
  return results.map((result) => `${JSON.stringify(result)}\n`).join('');
}

function fits(result: Result, wanted: Partial<Result>): boolean {
  const keys = Object.keys(wanted) as (keyof Result)[];
  return keys.every((key) => result[key] === wanted[key]);
}

export interface Interval {
  readonly mean: number;
  /** Half the width of the 95 % interval (Student's t over the seeds); undefined for one seed. */
  readonly half: number | undefined;
}

export function intervalOf(values: readonly number[]): Interval {
  const n = values.length;
  if (n < 2) return { mean: mean(values), half: undefined };
  return {
    mean: mean(values),
    half: (studentCritical(0.05, n - 1) * standardDeviation(values, 1)) / Math.sqrt(n),
  };
}

export function intervalText({ mean: middle, half }: Interval): string {
  if (!Number.isFinite(middle)) return '-';
  return half === undefined ? middle.toFixed(3) : `${middle.toFixed(3)} ± ${half.toFixed(3)}`;
}
