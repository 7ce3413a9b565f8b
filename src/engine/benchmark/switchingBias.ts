import type { SwitchingBias } from '../../protocol/calibration.ts';
import type { RowRange } from '../../protocol/dataset.ts';
import type { Side } from '../../protocol/harness.ts';
import type { Estimate } from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { mean, median, standardDeviation, studentCritical } from '../statistics.ts';
import { pairedChunk, pairedLead } from './compare.ts';
import { openPair, unwrap } from './measurementContext.ts';
import { shapeRound } from './plan.ts';
import { findResidentChunk, residentLead } from './residentChunk.ts';

export interface SwitchingInput {
  readonly client: HarnessClient;
  /** A library whose search walks `bytes` of memory; what it answers is of no interest. */
  readonly walker: (bytes: number) => Side;
  readonly cacheShare: number;
  readonly llcBytes: number;
  readonly k: number;
  readonly ef: number;
  readonly rows: RowRange;
  readonly seed: number;
  readonly repetitions: number;
  /** Loaded sides are closed first. */
  readonly replace: boolean;
}

const partnerCacheShare = 4;
const timeoutMs = 120_000;

/**
 * Time per query of a working set alone, in paired chunks and in resident chunks beside a partner four times the
 * last-level cache. The three kinds of round follow each other in every repetition, so that drift touches them alike;
 * the interval is Student's over repetitions.
 */
export async function measureSwitchingBias(input: SwitchingInput): Promise<SwitchingBias> {
  const { client, walker, cacheShare, llcBytes, k, ef, rows } = input;
  const bytes = Math.round(cacheShare * llcBytes);
  const partnerBytes = partnerCacheShare * llcBytes;
  await openPair(client, { reference: walker(bytes), candidate: walker(partnerBytes) }, input.replace);
  const efs = { efReference: ef, efCandidate: ef };
  const residentChunk = await findResidentChunk({ client, k, efs, rows, seed: input.seed, timeoutMs }, 'a');

  let seed = input.seed;
  const logTime = async (chunk: number, lead: number, pairs: number, alone: boolean): Promise<number> => {
    const shape = { ...shapeRound({ chunk, lead, warm: 200 }, 0, 1, rows.count) };
    const request = { efA: ef, ...(alone ? {} : { efB: ef }), k, rows, seed: seed++, timeoutMs };
    const reply = unwrap(await client.round({ ...request, ...shape, pairs }));
    return median(reply.pairs.map((pair) => Math.log(pair.a)));
  };
  const alone: number[] = [];
  const paired: number[] = [];
  const resident: number[] = [];
  for (let i = 0; i < input.repetitions; i++) {
    const first = await logTime(residentChunk, residentLead(residentChunk), 2, true);
    paired.push(await logTime(pairedChunk, pairedLead, 8, false));
    const second = await logTime(residentChunk, residentLead(residentChunk), 2, true);
    resident.push(await logTime(residentChunk, residentLead(residentChunk), 2, false));
    alone.push((first + second) / 2);
    // Each kind against the alone rounds before and after it.
  }
  const pairedBias = biasOf(paired, alone);
  const residentBias = biasOf(resident, alone);
  return {
    cacheShare,
    bytes,
    partnerBytes,
    aloneSeconds: Math.exp(median(alone)),
    paired: pairedBias,
    resident: residentBias,
    residentChunk,
    residentBelowInterval: residentBias.low <= 0 && residentBias.high >= 0,
  };
}

/** exp(mean log ratio) - 1 with a 95 % interval. */
function biasOf(times: readonly number[], alone: readonly number[]): Estimate {
  const ratios = times.map((time, i) => time - alone[i]!);
  const centre = mean(ratios);
  const error = standardDeviation(ratios, 1) / Math.sqrt(ratios.length);
  const half = studentCritical(0.05, ratios.length - 1) * error;
  return { value: Math.expm1(centre), low: Math.expm1(centre - half), high: Math.expm1(centre + half) };
}
