import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type BuildCosts, buildCostsSchema } from '../protocol/costs.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { HarnessResult, OpenReply, Side } from '../protocol/harness.ts';
import type { Manifest } from '../protocol/manifest.ts';
import { cacheFolder, timingLockPath } from './cacheFolder.ts';
import type { CodeState } from './codeState.ts';
import { UserError } from './errors.ts';
import { HarnessClient } from './harnessClient.ts';
import { machineFingerprint } from './machine.ts';
import { harnessPath } from './native.ts';
import type { RunContext } from './runContext.ts';

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
  const { manifest } = state.workspace;
  const { graph, record } = cachedPaths(state, dataset);
  const known = await readRecord(record, graph);
  if (known !== undefined) {
    run.services.logger.debug(`graph of ${dataset.name} from the cache: ${graph}`);
    return { graph, costs: known };
  }
  run.services.reporter.progress({
    stage: 'build',
    message: `building the graph of the ${state.name} on ${dataset.name}, ${dataset.n} rows (one thread, once)`,
  });
  const work = join(run.scratch, `${state.name}-build`);
  const partial = join(work, `${dataset.n}.graph`);
  try {
    const opened = await buildGraph(run, { manifest, library: state.library, dataset, graph: partial, work });
    if (!opened.ok) {
      throw new UserError(
        'reference-broken',
        `the workspace's own code fails during ${opened.failure.stage} on ${dataset.name}: ${opened.failure.detail}`,
        'The reference must work before it can be optimized; mend it, then run again.',
      );
    }
    const costs = costsOf(opened.value);
    return await keepGraph(run, state, dataset, { graph: partial, costs });
  } finally {
    await rm(partial, { force: true });
  }
}

/** Moves a graph that was made with the code of `state` into the cache. */
export async function keepGraph(
  { services }: RunContext,
  state: CodeState,
  dataset: PreparedDataset,
  built: BuiltGraph,
): Promise<BuiltGraph> {
  const { graph, record } = cachedPaths(state, dataset);
  await mkdir(dirname(graph), { recursive: true });
  await moveFile(built.graph, graph);
  // The record goes last: its presence means that the graph is whole.
  const { size } = await stat(graph);
  await writeFile(`${record}.${process.pid}`, JSON.stringify({ ...built.costs, graphBytes: size }));
  await rename(`${record}.${process.pid}`, record);
  services.logger.debug(`graph of ${dataset.name} kept: ${graph}`);
  return { graph, costs: built.costs };
}

function cachedPaths(
  { workspace, sourceHash }: CodeState,
  { fingerprint, n }: PreparedDataset,
): { readonly graph: string; readonly record: string } {
  const parts = [sourceHash, fingerprint, n, indexParams(workspace.manifest), machineFingerprint().id];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  const folder = join(cacheFolder(), 'graphs');
  return { graph: join(folder, `${key}.graph`), record: join(folder, `${key}.json`) };
}

/** Renames, across file systems too; the target appears whole. */
async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async () => {
    await copyFile(from, `${to}.${process.pid}`);
    await rename(`${to}.${process.pid}`, to);
  });
}

const recordSchema = buildCostsSchema.extend({ graphBytes: z.number() });

/** The costs of a cached graph; undefined where record or graph are missing or not of one piece. */
async function readRecord(record: string, graph: string): Promise<BuildCosts | undefined> {
  try {
    const { graphBytes, ...costs } = recordSchema.parse(JSON.parse(await readFile(record, 'utf8')));
    return (await stat(graph)).size === graphBytes ? costs : undefined;
  } catch {
    return undefined;
  }
}
