import type { SwitchingBias } from '../../protocol/calibration.ts';
import type { RowRange } from '../../protocol/dataset.ts';
import type { Side } from '../../protocol/harness.ts';
import type { Estimate } from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import type { Clock } from '../ports.ts';
import { mean, median, standardDeviation, studentCritical } from '../statistics.ts';
import { pairedChunk, pairedLead } from './compare.ts';
import { openPair, unwrap } from './measurementContext.ts';
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
  readonly clock: Clock;
  /** Repetitions go on for this long, five at least and twenty at most. */
  readonly seconds: number;
  /** Loaded sides are closed first. */
  readonly replace: boolean;
}

const partnerCacheShare = 4;
const timeoutMs = 120_000;
const fewestRepetitions = 5;
const mostRepetitions = 20;

/**
 * Time per query of a working set alone, in paired chunks and in resident chunks beside a partner four times the
 * last-level cache. The three kinds of round follow each other in every repetition, so that drift touches them alike;
 * the interval is Student's over repetitions.
 */
export async function measureSwitchingBias(input: SwitchingInput): Promise<SwitchingBias> {
  const { client, walker, cacheShare, llcBytes, k, ef, rows } = input;
  const bytes = Math.round(cacheShare * llcBytes);
  const partnerBytes = partnerCacheShare * llcBytes;
  await openPair(
    client,
    { reference: walker(bytes), candidate: walker(partnerBytes) },
    { replace: input.replace, first: 'reference' },
  );
  const efs = { efReference: ef, efCandidate: ef };
  const residentChunk = await findResidentChunk({ client, k, efs, rows, seed: input.seed, timeoutMs }, 'a');

  let seed = input.seed;
  const logTime = async (chunk: number, lead: number, pairs: number, alone: boolean): Promise<number> => {
    const request = { efA: ef, ...(alone ? {} : { efB: ef }), k, rows, seed: seed++, timeoutMs };
    const warm = Math.min(200, Math.floor(rows.count / 10));
    const reply = unwrap(await client.round({ ...request, chunk, lead, warm, pairs }));
    return median(reply.pairs.map((pair) => Math.log(pair.a)));
  };
  const resident: number[] = [];
  const paired: number[] = [];
  const alone: number[] = [];
  const lead = residentLead(residentChunk);
  const deadline = input.clock.monotonic() + input.seconds * 1000;
  while (
    alone.length < fewestRepetitions ||
    (alone.length < mostRepetitions && input.clock.monotonic() < deadline)
  ) {
    // Each kind stands between two rounds alone, which are its yardstick.
    const first = await logTime(residentChunk, lead, 1, true);
    paired.push(await logTime(pairedChunk, pairedLead, 6, false));
    resident.push(await logTime(residentChunk, lead, 2, false));
    const second = await logTime(residentChunk, lead, 1, true);
    alone.push((first + second) / 2);
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
    residentBelowInterval: residentBias.low <= 0,
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
