/** A copy of the bundled workspace with a small dataset of its own, for tests of the whole engine. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocateRegion } from '../../src/engine/candidate/regionGate.ts';
import { openDatasets } from '../../src/engine/dataset/datasets.ts';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { locateRegion } from '../../src/engine/module/regions.ts';
import { loadWorkspace, type Workspace } from '../../src/engine/module/workspace.ts';
import type { Services } from '../../src/engine/ports.ts';
import { createProcessRunner } from '../../src/engine/processRunner.ts';
import type { PreparedDataset } from '../../src/protocol/dataset.ts';
import type { Completion, FileTexts, Policy } from '../../src/protocol/policy.ts';
import { writeVectors } from '../vectorFile.ts';

export const exampleRoot = join(import.meta.dirname, '..', '..', 'examples', 'hnsw');

export interface Fixture {
  readonly services: Services;
  readonly warnings: string[];
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
  readonly locate: LocateRegion;
  remove(): Promise<void>;
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/**
 * Sets `ANNSMITH_CACHE` and `TMPDIR` to a folder of the fixture until `remove`. `prepare` may edit the copy of the
 * workspace before it is loaded.
 */
export async function createFixture(prepare?: (root: string) => Promise<void>): Promise<Fixture> {
  const home = await mkdtemp(join(tmpdir(), 'annsmith-fixture-'));
  const before = { cache: process.env['ANNSMITH_CACHE'], temporary: process.env['TMPDIR'] };
  process.env['ANNSMITH_CACHE'] = join(home, 'cache');
  process.env['TMPDIR'] = join(home, 'tmp');
  await mkdir(join(home, 'tmp'));
  const root = join(home, 'workspace');
  await cp(exampleRoot, root, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  const manifestPath = join(root, 'annsmith.json');
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'));
  manifest.datasets = ['clusters'];
  manifest.search.recallWindow = [0.8, 0.95];
  manifest.budgets = { candidateSeconds: 10 };
  await writeFile(manifestPath, JSON.stringify(manifest));
  await prepare?.(root);

  const warnings: string[] = [];
  const services: Services = {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    processes: createProcessRunner(),
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (m) => warnings.push(m),
      error: (m) => warnings.push(m),
    },
    reporter: { progress: () => undefined },
  };
  const basePath = join(home, 'base.fbin');
  const queryPath = join(home, 'queries.fbin');
  await writeVectors(basePath, 6000, 48, 'base');
  await writeVectors(queryPath, 5000, 48, 'queries');
  const dataset = await openDatasets({ services }).importVectors({
    name: 'clusters',
    metric: 'euclidean',
    base: basePath,
    queries: queryPath,
  });
  const syntax = await createCppSyntax();
  return {
    services,
    warnings,
    workspace: await loadWorkspace(root, { syntax }),
    dataset,
    locate: (ref, text) => locateRegion(syntax, ref, text),
    remove: async () => {
      restore('ANNSMITH_CACHE', before.cache);
      restore('TMPDIR', before.temporary);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** One more dataset of clustered vectors in the fixture's cache. */
export async function importClusters(
  { services, workspace }: Fixture,
  name: string,
  n: number,
  dim: number,
): Promise<PreparedDataset> {
  const base = join(workspace.root, '..', `${name}.fbin`);
  const queries = join(workspace.root, '..', `${name}-queries.fbin`);
  await writeVectors(base, n, dim, name);
  await writeVectors(queries, 3000, dim, `${name} queries`);
  return openDatasets({ services }).importVectors({ name, metric: 'euclidean', base, queries });
}

/** A policy that proposes the given texts, as a model would; for judging known candidates. */
export function scriptedPolicy(
  candidates: readonly { readonly name: string; readonly files: FileTexts }[],
): Policy {
  return {
    id: 'scripted',
    version: '1',
    async *sample() {
      for (const { name, files } of candidates) {
        yield {
          text: name,
          tokenIds: [],
          logprobs: [],
          outcome: { kind: 'files', files, notes: [] },
        } satisfies Completion;
      }
    },
  };
}
