import type { RowRange } from '../../protocol/dataset.ts';
import type { SideName } from '../../protocol/harness.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { mean } from '../statistics.ts';
import { unwrap } from './measurementContext.ts';
import { shapeRound } from './plan.ts';
import type { EfPair } from './roundSample.ts';

/** Time per query that changes less than this when the chunk doubles is flat. */
const flatWithin = 0.01;
const shortestChunk = 400;

/** Untimed queries before a chunk: the first part of a stay, when the other side's data still fills the cache. */
export function residentLead(chunk: number): number {
  return Math.ceil(chunk / 4);
}

export interface ResidentChunkInput {
  readonly client: HarnessClient;
  readonly k: number;
  readonly efs: EfPair;
  readonly rows: RowRange;
  readonly seed: number;
  readonly timeoutMs: number;
}

/**
 * The shortest chunk, by doubling, at which the side's time per query is flat although the other side runs between
 * its chunks. Rounds of one and of double length are run in the order short, long, short, so that a slow drift
 * cancels. Ends at what the rows allow.
 */
export async function findResidentChunk(input: ResidentChunkInput, side: SideName): Promise<number> {
  const { client, k, efs, rows, timeoutMs } = input;
  let seed = input.seed;
  const timeAt = async (chunk: number): Promise<number> => {
    const warm = Math.min(200, Math.floor(rows.count / 10));
    const shape = shapeRound({ chunk, lead: residentLead(chunk), warm }, 0, 1, rows.count);
    const request = { efA: efs.efReference, efB: efs.efCandidate, k, rows, seed: seed++, timeoutMs };
    const { pairs } = unwrap(await client.round({ ...request, ...shape }));
    return mean(pairs.map((pair) => Math.log(side === 'a' ? pair.a : (pair.b ?? Number.NaN))));
  };
  const longest = Math.floor(rows.count / 2.8);
  let chunk = Math.min(shortestChunk, longest);
  while (chunk * 2 <= longest) {
    const before = await timeAt(chunk);
    const long = await timeAt(chunk * 2);
    const after = await timeAt(chunk);
    if ((before + after) / 2 - long <= flatWithin) break;
    chunk *= 2;
  }
  return chunk;
}
