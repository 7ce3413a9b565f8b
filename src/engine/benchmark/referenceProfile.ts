import type { RowRange } from '../../protocol/dataset.ts';
import type { OpenReply, Side } from '../../protocol/harness.ts';
import type { RecallWindow } from '../../protocol/measurement.ts';
import { requireWindowReached } from '../curve.ts';
import { type MeasurementContext, type Outcome, openPair, runMeasurement } from './measurementContext.ts';
import { findResidentChunk } from './residentChunk.ts';
import type { RecallPoint } from './roundSample.ts';
import { RecallSweep, recallPool } from './sweep.ts';

/** What is known of one side after its first measurement; reusable, since answers are deterministic. */
export interface SideProfile {
  /** Rows over which the recalls were measured. */
  readonly pool: RowRange;
  /** Placed points, ascending in ef. */
  readonly points: readonly RecallPoint[];
  /** Queries per chunk from which time per query is flat; undefined until a resident estimate was taken. */
  readonly residentChunk?: number | undefined;
  /** Build and import times, memory. */
  readonly opened: OpenReply;
}

/** Computed once per run and shared by all its candidates. */
export interface ReferenceProfile extends SideProfile {
  readonly residentChunk: number;
  readonly k: number;
  readonly window: RecallWindow;
  readonly ef: 'auto' | readonly number[];
  readonly datasetFingerprint: string;
}

export interface ProfileInput extends MeasurementContext {
  readonly reference: Side;
  readonly window: RecallWindow;
  readonly ef: 'auto' | readonly number[];
}

/** Answering the pool is given this long: a graph of millions at a large ef still fits. */
const answerTimeoutMs = 300_000;

/**
 * Places the reference's ef values and finds its resident chunk, next to a second copy of itself: its own size is
 * what its cache content has to come back from.
 */
export function profileReference(input: ProfileInput): Promise<Outcome<ReferenceProfile>> {
  return runMeasurement(input, async (client) => {
    const { dataset, k, window, ef, reference } = input;
    const opened = await openPair(
      client,
      { reference, candidate: reference },
      { replace: false, first: 'reference' },
    );
    input.onProgress?.({ stage: 'reference', message: 'Placing ef values of the reference' });
    const pool = recallPool(dataset.optimizeRows);
    const sweep = new RecallSweep(client, 'a', k, pool, () => answerTimeoutMs);
    const points = await sweep.curve(ef, window, []);
    requireWindowReached(
      points.map((point) => ({ recall: point.recall, secondsPerQuery: point.secondsPerQuery })),
      window,
    );
    const middle = points[points.length >> 1]!.ef;
    const efs = { efReference: middle, efCandidate: middle };
    const residentChunk = await findResidentChunk(
      { client, k, efs, rows: dataset.optimizeRows, seed: input.seed, timeoutMs: answerTimeoutMs },
      'a',
    );
    return {
      pool,
      points,
      residentChunk,
      opened: opened.reference,
      k,
      window,
      ef,
      datasetFingerprint: dataset.fingerprint,
    };
  });
}
