import type { PreparedDataset } from '../../protocol/dataset.ts';
import type { HarnessFailure, HarnessResult, OpenReply, Side } from '../../protocol/harness.ts';
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

/**
 * Loads both indexes in fresh processes, the `first` one first. With `replace`, what is open is closed before anything
 * is loaded, the `first` side first again: the kernel hands out first what was freed last, so that each side gets the
 * memory that the other had. Where an index lies moves it by several per cent, for as long as it lives; two loads in
 * a row with their memory exchanged cancel that.
 */
export async function openPair(
  client: HarnessClient,
  sides: BothSides<Side>,
  { replace, first }: { readonly replace: boolean; readonly first: keyof BothSides<Side> },
): Promise<BothSides<OpenReply>> {
  if (replace) {
    for (const side of first === 'reference' ? (['a', 'b'] as const) : (['b', 'a'] as const)) {
      unwrap(await client.close(side));
    }
  }
  const reference = (): Promise<HarnessResult<OpenReply>> => client.open('a', sides.reference);
  const candidate = (): Promise<HarnessResult<OpenReply>> => client.open('b', sides.candidate);
  if (first === 'candidate') {
    const opened = unwrap(await candidate());
    return { reference: unwrap(await reference()), candidate: opened };
  }
  return { reference: unwrap(await reference()), candidate: unwrap(await candidate()) };
}

/**
 * The first process pair of an exchange. A fresh harness loads into whatever memory lies about; what it freed once comes
 * back in the order that `openPair` relies on, so the indexes are loaded twice.
 */
export async function openFirstPair(
  client: HarnessClient,
  sides: BothSides<Side>,
): Promise<BothSides<OpenReply>> {
  await openPair(client, sides, { replace: false, first: loadedFirst(1) });
  return openPair(client, sides, { replace: true, first: loadedFirst(0) });
}

/** The exchange that a process pair belongs to: two pairs in a row, the second with the memory exchanged. */
export function exchangeOf(processPair: number): number {
  return Math.floor(processPair / 2);
}

/** Which side a process pair loads first: each once in an exchange, since being first counts for some per cent too. */
export function loadedFirst(processPair: number): keyof BothSides<Side> {
  return processPair % 2 === 0 ? 'reference' : 'candidate';
}
