import type { BuildCosts } from '../../protocol/costs.ts';
import type { Side } from '../../protocol/harness.ts';
import type { CurvePoint, Estimate, RecallWindow } from '../../protocol/measurement.ts';
import { seededRandom } from '../random.ts';
import { median } from '../statistics.ts';
import { type MeasurementContext, type Outcome, runMeasurement, unwrap } from './measurementContext.ts';
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
    input.onProgress?.({ stage: 'curve', message: 'placing ef values' });
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
      const chunk = Math.max(1, Math.min(chunkQueries, Math.floor((rows.count - warmQueries) / 2)));
      const pairs = Math.max(2, Math.ceil(seconds / (chunk * point.secondsPerQuery)));
      const reply = unwrap(
        await client.round({
          efA: point.ef,
          k: input.k,
          chunk,
          pairs,
          lead: 0,
          warm: Math.min(warmQueries, rows.count >> 2),
          rows,
          seed: input.seed + index,
          timeoutMs: 30_000 + 20_000 * seconds,
        }),
      );
      points.push(
        timedPoint(
          point.ef,
          point.recall,
          reply.pairs.map((p) => p.a),
          input.seed,
        ),
      );
    }
    const { prepareCpuSeconds, memoryBytes, rssBytes, hugePageBytes } = opened;
    return { points, prepare: { prepareCpuSeconds, memoryBytes, rssBytes, hugePageBytes } };
  });
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
