import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type BuildCosts, buildCostsSchema } from '../protocol/costs.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { HarnessResult, OpenReply, Side } from '../protocol/harness.ts';
import type { Manifest } from '../protocol/manifest.ts';
import { cacheFolder, timingLockPath } from './cacheFolder.ts';
import {
  type CacheRecord,
  fileProblem,
  fileRecordSchema,
  readCacheRecord,
  writeCacheRecord,
} from './cacheRecord.ts';
import type { CodeState } from './codeState.ts';
import { hashFile } from './dataset/canonicalFile.ts';
import { UserError } from './errors.ts';
import { HarnessClient } from './harnessClient.ts';
import { machineFingerprint } from './machine.ts';
import { harnessPath } from './native.ts';
import { withProcessLock } from './processLock.ts';
import type { RunContext } from './runContext.ts';
import { moveFile } from './wholeFile.ts';

/** A graph on disk and what it cost to make. */
export interface BuiltGraph {
  readonly graph: string;
  readonly costs: BuildCosts;
}

/** Parameters of annsmith_create from the manifest. */
export function indexParams(manifest: Manifest): Side['params'] {
  const { M, efConstruction, seed } = manifest.index;
  return { M, efConstruction, seed };
}

/** A build may take this long before it is given up. */
const buildTimeoutMs = 60 * 60_000;

export interface BuildRequest {
  readonly manifest: Manifest;
  readonly library: string;
  readonly dataset: PreparedDataset;
  /** Where the graph goes. */
  readonly graph: string;
  /** The only folder that the build may write to. */
  readonly work: string;
  readonly memoryBytes?: number;
  readonly timeoutMs?: number;
}

/** Builds an index with one thread, alone on the machine, and exports its graph. */
export async function buildGraph(
  { services, signal }: RunContext,
  request: BuildRequest,
): Promise<HarnessResult<OpenReply>> {
  const { manifest, library, dataset, graph, work, memoryBytes, timeoutMs } = request;
  await mkdir(work, { recursive: true });
  const client = new HarnessClient({
    processes: services.processes,
    harnessPath: harnessPath(),
    signal,
    onWaiting: () =>
      services.reporter.progress({
        stage: 'measure',
        message: 'waiting for another measurement on this machine',
      }),
  });
  try {
    const locked = await client.lock(timingLockPath());
    if (!locked.ok) return locked;
    const loaded = await client.data(dataset);
    if (!loaded.ok) {
      throw new UserError(
        'dataset',
        loaded.failure.detail,
        `Run \`annsmith datasets verify ${dataset.name}\`.`,
      );
    }
    return await client.open(
      'a',
      {
        library,
        params: indexParams(manifest),
        mode: 'build',
        scratch: work,
        openTimeoutMs: timeoutMs ?? buildTimeoutMs,
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
      },
      { export: graph },
    );
  } finally {
    await client.quit();
  }
}

/** What a build took, without the fields that only a measurement needs. */
export function costsOf(opened: OpenReply): BuildCosts {
  const { buildCpuSeconds, prepareCpuSeconds, memoryBytes, anonymousBytes, hugePageBytes } = opened;
  return { buildCpuSeconds, prepareCpuSeconds, memoryBytes, anonymousBytes, hugePageBytes };
}

/**
 * The graph of a code state on a dataset, kept in the cache with what it cost, so that search and refinement candidates
 * never wait for a build. A damaged cache entry is built again.
 */
export async function graphOf(
  run: RunContext,
  state: CodeState,
  dataset: PreparedDataset,
): Promise<BuiltGraph> {
  const { logger, reporter } = run.services;
  const paths = cachedPaths(state, dataset);
  const before = await readGraph(paths, run.signal);
  if (before.kind === 'found') return before.value;
  const onWait = (): void =>
    reporter.progress({
      stage: 'build',
      message: `waiting for another process that builds this graph of ${dataset.name}`,
    });
  return withProcessLock(paths.graph, { signal: run.signal, onWait }, async () => {
    // Another process may have built it meanwhile.
    const known = await readGraph(paths, run.signal);
    if (known.kind === 'found') return known.value;
    if (known.kind === 'damaged') logger.warn(`${known.problem}; the graph is built anew`);
    return makeGraph(run, state, dataset, paths);
  });
}

/** Moves a graph that was made with the code of `state` into the cache. */
export async function keepGraph(
  { signal }: RunContext,
  state: CodeState,
  dataset: PreparedDataset,
  built: BuiltGraph,
): Promise<BuiltGraph> {
  const paths = cachedPaths(state, dataset);
  return withProcessLock(paths.graph, { signal }, () => store(paths, built));
}

async function makeGraph(
  run: RunContext,
  state: CodeState,
  dataset: PreparedDataset,
  paths: CachedPaths,
): Promise<BuiltGraph> {
  const { manifest } = state.workspace;
  run.services.reporter.progress({
    stage: 'build',
    message: `building the graph of the ${state.name} on ${dataset.name}, ${dataset.n} rows (one thread, once)`,
  });
  const work = join(run.scratch, `${state.name}-build`);
  const graph = join(work, `${dataset.n}.graph`);
  try {
    const opened = await buildGraph(run, { manifest, library: state.library, dataset, graph, work });
    if (!opened.ok) {
      throw new UserError(
        'reference-broken',
        `the workspace's own code fails during ${opened.failure.stage} on ${dataset.name}: ${opened.failure.detail}`,
        'The reference must work before it can be optimized; mend it, then run again.',
      );
    }
    return await store(paths, { graph, costs: costsOf(opened.value) });
  } finally {
    await rm(graph, { force: true });
  }
}

interface CachedPaths {
  readonly graph: string;
  readonly record: string;
}

function cachedPaths({ workspace, sourceHash }: CodeState, { fingerprint, n }: PreparedDataset): CachedPaths {
  const parts = [sourceHash, fingerprint, n, indexParams(workspace.manifest), machineFingerprint().id];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  const folder = join(cacheFolder(), 'graphs');
  return { graph: join(folder, `${key}.graph`), record: join(folder, `${key}.json`) };
}

const recordSchema = z.object({ costs: buildCostsSchema, graph: fileRecordSchema });

/** Needs the graph's lock. */
async function store({ graph, record }: CachedPaths, built: BuiltGraph): Promise<BuiltGraph> {
  await mkdir(dirname(graph), { recursive: true });
  await rm(record, { force: true });
  await moveFile(built.graph, graph);
  await writeCacheRecord(record, { costs: built.costs, graph: await hashFile(graph) });
  return { graph, costs: built.costs };
}

async function readGraph(
  { graph, record }: CachedPaths,
  signal: AbortSignal,
): Promise<CacheRecord<BuiltGraph>> {
  const known = await readCacheRecord(record, recordSchema);
  if (known.kind !== 'found') return known;
  const { costs, graph: expected } = known.value;
  const problem = await fileProblem(graph, expected, signal);
  return problem === undefined ? { kind: 'found', value: { graph, costs } } : { kind: 'damaged', problem };
}
