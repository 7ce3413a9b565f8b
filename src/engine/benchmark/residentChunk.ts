import type { RowRange } from '../../protocol/dataset.ts';
import type { SideName } from '../../protocol/harness.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { mean } from '../statistics.ts';
import { unwrap } from './measurementContext.ts';
import type { EfPair } from './roundSample.ts';

/** Time per query that changes less than this when the chunk doubles is flat. */
const flatWithin = 0.01;
const shortestChunk = 400;
/** Queries timed per chunk length and side, at least. */
const queriesPerLength = 1600;

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

interface ChunkTimes {
  /** Mean ln(time) of the side, and of the side over the other: the first drifts, the second does not. */
  readonly side: number;
  readonly ratio: number;
}

/**
 * A chunk, found by doubling, at which the side's time per query is flat although the other side runs between its
 * chunks: the longer of the first two lengths that agree within 1 %, in time and in the ratio to the other side.
 * Rounds of one and of double length are run in the order short, long, short, so that a slow drift cancels. Ends at
 * what the rows allow.
 */
export async function findResidentChunk(input: ResidentChunkInput, side: SideName): Promise<number> {
  const { client, k, efs, rows, timeoutMs } = input;
  let seed = input.seed;
  const timesAt = async (chunk: number): Promise<ChunkTimes> => {
    const lead = residentLead(chunk);
    const warm = Math.min(200, Math.floor(rows.count / 10));
    const turns = Math.ceil(queriesPerLength / (2 * chunk));
    const pairs = Math.max(2, 2 * Math.min(turns, Math.floor((rows.count - warm) / (2 * (chunk + lead)))));
    const request = { efA: efs.efReference, efB: efs.efCandidate, k, rows, seed: seed++, timeoutMs };
    const reply = unwrap(await client.round({ ...request, chunk, lead, warm, pairs }));
    const sign = side === 'a' ? 1 : -1;
    return {
      side: mean(reply.pairs.map(({ a, b = Number.NaN }) => Math.log(side === 'a' ? a : b))),
      ratio: mean(reply.pairs.map(({ a, b = Number.NaN }) => sign * Math.log(a / b))),
    };
  };
  // Two chunks with their leads and the warm-up fit the rows.
  const longest = Math.max(1, Math.floor((rows.count * 0.9) / 2 / 1.25) - 1);
  let chunk = Math.min(shortestChunk, longest);
  while (chunk * 2 <= longest) {
    const before = await timesAt(chunk);
    const long = await timesAt(chunk * 2);
    const after = await timesAt(chunk);
    chunk *= 2;
    const drop = (before.side + after.side) / 2 - long.side;
    const ratioDrop = (before.ratio + after.ratio) / 2 - long.ratio;
    if (drop <= flatWithin && Math.abs(ratioDrop) <= flatWithin) break;
  }
  return chunk;
}
