import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { Side } from '../protocol/harness.ts';
import { windowFor } from '../protocol/manifest.ts';
import type { RecallWindow } from '../protocol/measurement.ts';
import type { ProcessEffect } from './benchmark/bootstrap.ts';
import type { MeasurementContext } from './benchmark/measurementContext.ts';
import { profileReference, type ReferenceProfile } from './benchmark/referenceProfile.ts';
import { type BuiltGraph, graphOf, indexParams } from './builtIndex.ts';
import { timingLockPath } from './cacheFolder.ts';
import { calibratedProcessEffect } from './calibrationFile.ts';
import type { CodeState } from './codeState.ts';
import { harnessPath } from './native.ts';
import { type RunContext, referenceOutcome } from './runContext.ts';

/** Memory a candidate's process may take before it is killed: far above the gate, which judges by measuring. */
const memoryLimitFactor = 4;
const memoryLimitFloor = 2 ** 31;

/** A code state built on a dataset. */
export interface Indexed extends BuiltGraph {
  readonly state: CodeState;
  readonly dataset: PreparedDataset;
  /** Spread between fresh processes, where this machine was calibrated on this dataset. */
  readonly processEffect: ProcessEffect | undefined;
}

/** The reference on one dataset: what candidates are measured against. */
export interface Baseline extends Indexed {
  readonly window: RecallWindow;
  readonly profile: ReferenceProfile;
}

/** A code state on a dataset; its graph is built, taken from the cache, or given. */
export async function indexOn(
  run: RunContext,
  state: CodeState,
  dataset: PreparedDataset,
  built?: BuiltGraph,
): Promise<Indexed> {
  const { graph, costs } = built ?? (await graphOf(run, state, dataset));
  const processEffect = await calibratedProcessEffect(dataset.fingerprint);
  return { state, dataset, graph, costs, processEffect };
}

/** The reference's ef values placed around the recall window, its chunk length found. */
export async function baselineOn(run: RunContext, indexed: Indexed, seed: number): Promise<Baseline> {
  const { manifest } = indexed.state.workspace;
  const window = windowFor(manifest, indexed.dataset.name);
  const outcome = await profileReference({
    ...measurementContext(run, indexed, seed),
    reference: await sideOn(run, indexed, indexed.state.name, indexed.state.library, indexed.graph),
    window,
    ef: manifest.search.ef,
  });
  return { ...indexed, window, profile: referenceOutcome(outcome, run.signal) };
}

/** The reference's own side. */
export function referenceSide(run: RunContext, indexed: Indexed): Promise<Side> {
  return sideOn(run, indexed, indexed.state.name, indexed.state.library, indexed.graph);
}

/** A side that searches the given graph. `name` gives it a folder of its own to write to, away from every library. */
export async function sideOn(
  run: RunContext,
  { state, costs }: Indexed,
  name: string,
  library: string,
  graph: string,
): Promise<Side> {
  return {
    library,
    params: indexParams(state.workspace.manifest),
    mode: 'import',
    graph,
    scratch: await workFolder(run, name),
    memoryBytes: memoryLimit(costs.anonymousBytes),
  };
}

export async function workFolder(run: RunContext, name: string): Promise<string> {
  const work = join(run.scratch, `${name}-work`);
  await mkdir(work, { recursive: true });
  return work;
}

/** Bytes a candidate's process may take where the reference takes `anonymousBytes`. */
export function memoryLimit(anonymousBytes: number): number {
  return Math.max(memoryLimitFloor, memoryLimitFactor * anonymousBytes);
}

export function measurementContext(
  { services, signal }: RunContext,
  { dataset, state, processEffect }: Indexed,
  seed: number,
): MeasurementContext {
  return {
    harnessPath: harnessPath(),
    processes: services.processes,
    clock: services.clock,
    lockPath: timingLockPath(),
    dataset,
    k: state.workspace.manifest.search.k,
    seed,
    processEffect,
    signal,
    onProgress: (event) => services.reporter.progress(event),
  };
}
