import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildCosts, buildCostsSchema } from '../protocol/costs.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { Side } from '../protocol/harness.ts';
import type { Manifest } from '../protocol/manifest.ts';
import type { FileTexts } from '../protocol/policy.ts';
import { UserError } from './errors.ts';
import { HarnessClient } from './harnessClient.ts';
import { machineFingerprint } from './machine.ts';
import { harnessPath } from './native.ts';
import type { Services } from './ports.ts';

/** A compiled code state with its graph on one dataset. */
export interface BuiltIndex {
  readonly library: string;
  readonly graph: string;
  readonly costs: BuildCosts;
}

export interface BuildIndexInput {
  readonly services: Services;
  readonly manifest: Manifest;
  readonly dataset: PreparedDataset;
  readonly library: string;
  /** Identity of library content: texts, flags, compiler; with machine and dataset the key of the graph cache. */
  readonly sourceHash: string;
  readonly cacheFolder: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** SHA-256 (hex) of everything that decides what a library does: texts, build section, compiler. */
export function sourceHash(files: FileTexts, manifest: Manifest, compiler: string): string {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([sorted, manifest.build, compiler]))
    .digest('hex');
}

/** Parameters of annsmith_create from the manifest. */
export function indexParams(manifest: Manifest): Side['params'] {
  const { M, efConstruction, seed } = manifest.index;
  return { M, efConstruction, seed };
}

/** A build may take this long before it is given up. */
const buildTimeoutMs = 60 * 60_000;

/**
 * The graph of a library on a dataset, built by one thread (deterministic) and kept in the cache with what it cost, so
 * that search and refinement candidates never wait for a build. A damaged cache entry is built again.
 */
export async function buildIndex(input: BuildIndexInput): Promise<BuiltIndex> {
  const { manifest, dataset, library, services } = input;
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        input.sourceHash,
        dataset.fingerprint,
        dataset.n,
        indexParams(manifest),
        machineFingerprint().id,
      ]),
    )
    .digest('hex')
    .slice(0, 32);
  const folder = join(input.cacheFolder, 'graphs');
  const graph = join(folder, `${key}.graph`);
  const record = join(folder, `${key}.json`);
  const known = await readCosts(record);
  if (known !== undefined) {
    services.logger.debug(`graph of ${dataset.name} from the cache: ${graph}`);
    return { library, graph, costs: known };
  }

  services.reporter.progress({
    stage: 'build',
    message: `building the reference's graph on ${dataset.name} (one thread, once)`,
  });
  await mkdir(folder, { recursive: true });
  const partial = join(input.scratch, `${key}.graph`);
  const client = new HarnessClient({
    processes: services.processes,
    harnessPath: harnessPath(),
    signal: input.signal,
  });
  try {
    const loaded = await client.data(dataset);
    if (!loaded.ok)
      throw new UserError(
        'dataset',
        loaded.failure.detail,
        `Run \`annsmith datasets verify ${dataset.name}\`.`,
      );
    const opened = await client.open(
      'a',
      {
        library,
        params: indexParams(manifest),
        mode: 'build',
        scratch: input.scratch,
        openTimeoutMs: buildTimeoutMs,
      },
      { export: partial },
    );
    if (!opened.ok) {
      throw new UserError(
        'reference-broken',
        `the workspace's own code fails during ${opened.failure.stage} on ${dataset.name}: ${opened.failure.detail}`,
        'The reference must work before it can be optimized; mend it, then run again.',
      );
    }
    const costs = buildCostsSchema.parse(opened.value);
    // The record goes last: its presence means that the graph is whole.
    await rename(partial, graph).catch(async () => {
      await writeFile(`${graph}.${process.pid}`, await readFile(partial));
      await rename(`${graph}.${process.pid}`, graph);
    });
    await writeFile(`${record}.${process.pid}`, JSON.stringify(costs));
    await rename(`${record}.${process.pid}`, record);
    return { library, graph, costs };
  } finally {
    await client.quit();
    await rm(partial, { force: true });
  }
}

async function readCosts(record: string): Promise<BuildCosts | undefined> {
  try {
    return buildCostsSchema.parse(JSON.parse(await readFile(record, 'utf8')));
  } catch {
    return undefined;
  }
}
