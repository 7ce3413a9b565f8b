import type { BuildCosts } from '../../protocol/costs.ts';
import type { Side } from '../../protocol/harness.ts';
import type { CurvePoint, Estimate, RecallWindow } from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { seededRandom } from '../random.ts';
import { median } from '../statistics.ts';
import { type MeasurementContext, type Outcome, runMeasurement, unwrap } from './measurementContext.ts';
import type { RecallPoint } from './roundSample.ts';
import { RecallSweep, recallPool } from './sweep.ts';

export interface CurveInput extends MeasurementContext {
  readonly side: Side;
  readonly window: RecallWindow;
  readonly ef: 'auto' | readonly number[];
  /** Wall-clock budget of the timing. */
  readonly budgetSeconds: number;
}

/** A point with the 95 % interval of its QPS over chunks; the machine's drift is in it. */
export interface TimedPoint extends CurvePoint {
  readonly qpsInterval: Estimate;
}

export interface MeasuredCurve {
  readonly points: readonly TimedPoint[];
  readonly prepare: Omit<BuildCosts, 'buildCpuSeconds'>;
}

const chunkQueries = 400;
const warmQueries = 200;
const answerTimeoutMs = 300_000;
const replicates = 400;

/**
 * The QPS-recall curve of one side, by itself in fresh processes. Absolute numbers move with the machine; to compare
 * two versions, measure them together.
 */
export function measureCurve(input: CurveInput): Promise<Outcome<MeasuredCurve>> {
  return runMeasurement(input, async (client) => {
    const opened = unwrap(await client.open('a', input.side));
    input.onProgress?.({ stage: 'recall', message: 'placing ef values' });
    const rows = input.dataset.optimizeRows;
    const sweep = new RecallSweep(client, 'a', input.k, recallPool(rows), () => answerTimeoutMs);
    const placed = await sweep.curve(input.ef, input.window, []);
    const seconds = input.budgetSeconds / placed.length;
    const points: TimedPoint[] = [];
    for (const [index, point] of placed.entries()) {
      input.onProgress?.({
        stage: 'curve',
        message: `timing ef ${point.ef}`,
        fraction: index / placed.length,
      });
      const deadline = input.clock.monotonic() + seconds * 1000;
      const chunks: number[] = [];
      // A process is given no query twice, so a long budget takes several rounds, each in a process of its own.
      for (let round = 0; round === 0 || input.clock.monotonic() < deadline; round++) {
        chunks.push(...(await timeRound(client, input, point, round)));
      }
      points.push(timedPoint(point.ef, point.recall, chunks, input.seed));
    }
    const { prepareCpuSeconds, memoryBytes, anonymousBytes, hugePageBytes } = opened;
    return { points, prepare: { prepareCpuSeconds, memoryBytes, anonymousBytes, hugePageBytes } };
  });
}

/** Seconds per query of each chunk of one round. */
async function timeRound(
  client: HarnessClient,
  input: CurveInput,
  point: RecallPoint,
  round: number,
): Promise<number[]> {
  const rows = input.dataset.optimizeRows;
  const warm = Math.min(warmQueries, rows.count >> 2);
  const chunk = Math.max(1, Math.min(chunkQueries, (rows.count - warm) >> 1));
  const pairs = Math.max(2, Math.floor((rows.count - warm) / chunk));
  const timeoutMs = 30_000 + 20_000 * rows.count * point.secondsPerQuery;
  const request = {
    efA: point.ef,
    k: input.k,
    chunk,
    pairs,
    lead: 0,
    warm,
    rows,
    seed: input.seed + round,
    timeoutMs,
  };
  return unwrap(await client.round(request)).pairs.map((pair) => pair.a);
}

function timedPoint(ef: number, recall: number, chunks: readonly number[], seed: number): TimedPoint {
  const random = seededRandom(seed, `curve ${ef}`);
  const draw = (): number => median(chunks.map(() => chunks[Math.floor(random.next() * chunks.length)]!));
  const qps = Array.from({ length: replicates }, () => 1 / draw()).sort((a, b) => a - b);
  const secondsPerQuery = median(chunks);
  const interval = {
    value: 1 / secondsPerQuery,
    low: qps[Math.floor(0.025 * replicates)]!,
    high: qps[Math.ceil(0.975 * replicates) - 1]!,
  };
  return { ef, recall, secondsPerQuery, qps: 1 / secondsPerQuery, qpsInterval: interval };
}
