import type { PreparedDataset } from '../../protocol/dataset.ts';
import type { HarnessFailure, HarnessResult, OpenReply, Side, SideName } from '../../protocol/harness.ts';
import type { BothSides, RecallWindow } from '../../protocol/measurement.ts';
import { WindowError } from '../curve.ts';
import { HarnessClient } from '../harnessClient.ts';
import type { Clock, ProcessRunner, Progress } from '../ports.ts';
import type { ProcessEffect } from './bootstrap.ts';

/** What every measurement needs. */
export interface MeasurementContext {
  readonly harnessPath: string;
  readonly processes: ProcessRunner;
  readonly clock: Clock;
  /** The machine's timing lock: one timed measurement at a time across processes. */
  readonly lockPath: string;
  readonly dataset: PreparedDataset;
  readonly k: number;
  readonly seed: number;
  /** Spread between fresh processes, from calibration; default 0.7 %. */
  readonly processEffect?: ProcessEffect | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Expected outcomes of a measurement, as data. */
export type Outcome<T> =
  | { readonly kind: 'measured'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: HarnessFailure }
  | { readonly kind: 'rejected'; readonly reason: 'recall' | 'wrong-answers'; readonly detail: string }
  /** The reference ends below the recall window. */
  | { readonly kind: 'window'; readonly detail: string; readonly proposed: RecallWindow }
  | { readonly kind: 'cancelled' };

/** Leaves a measurement early with an outcome; caught by `runMeasurement` alone. */
export class EarlyOutcome extends Error {
  readonly outcome: Exclude<Outcome<never>, { kind: 'measured' }>;
  constructor(outcome: Exclude<Outcome<never>, { kind: 'measured' }>) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

export function unwrap<T>(result: HarnessResult<T>): T {
  if (!result.ok) throw new EarlyOutcome({ kind: 'failed', failure: result.failure });
  return result.value;
}

/**
 * Starts a harness with the dataset mapped and the timing lock held, runs the measurement, ends the harness however
 * the measurement ends.
 */
export async function runMeasurement<T>(
  context: MeasurementContext,
  measure: (client: HarnessClient) => Promise<T>,
): Promise<Outcome<T>> {
  if (isAborted(context)) return { kind: 'cancelled' };
  const client = new HarnessClient({
    processes: context.processes,
    harnessPath: context.harnessPath,
    signal: context.signal,
    onWaiting: () =>
      context.onProgress?.({ stage: 'measure', message: 'Waiting for another measurement on this machine' }),
  });
  try {
    unwrap(await client.hello());
    unwrap(await client.lock(context.lockPath));
    unwrap(await client.data(context.dataset));
    return { kind: 'measured', value: await measure(client) };
  } catch (error) {
    if (isAborted(context)) return { kind: 'cancelled' };
    if (error instanceof EarlyOutcome) return error.outcome;
    if (error instanceof WindowError) {
      return { kind: 'window', detail: error.message, proposed: error.proposed };
    }
    throw error;
  } finally {
    await client.quit();
  }
}

function isAborted({ signal }: MeasurementContext): boolean {
  return signal?.aborted ?? false;
}

/** Loads both indexes in fresh processes, replacing any that are open. */
export async function openPair(
  client: HarnessClient,
  sides: BothSides<Side>,
  replace: boolean,
): Promise<BothSides<OpenReply>> {
  const open = async (name: SideName, side: Side): Promise<OpenReply> => {
    if (replace) unwrap(await client.close(name));
    return unwrap(await client.open(name, side));
  };
  return { reference: await open('a', sides.reference), candidate: await open('b', sides.candidate) };
}
