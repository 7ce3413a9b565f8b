/** What of a run's record decides whether, and as what, it goes on. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceHash } from '../../../src/engine/codeState.ts';
import { openLedger } from '../../../src/engine/ledger/ledgerWriter.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { compilerVersion } from '../../../src/engine/machine.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { locateRegion } from '../../../src/engine/module/regions.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import { earlierOf, planOf, resumable } from '../../../src/engine/resume.ts';
import { type RunPlan, runRecord } from '../../../src/engine/runLog.ts';
import type { PreparedDataset } from '../../../src/protocol/dataset.ts';
import { services } from '../grpo/madeUpRounds.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-resume-'));
  const example = join(import.meta.dirname, '..', '..', '..', 'examples', 'hnsw');
  await cp(example, root, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('a run goes on with the modules that it started with, and looks for a winner only if it did', async () => {
  const syntax = await createCppSyntax();
  const workspace = await loadWorkspace(root, { syntax });
  const compiler = await compilerVersion(services.processes);
  const dataset = { name: 'd', metric: 'euclidean', fingerprint: 'f', n: 10, dim: 2 } as PreparedDataset;
  const plan: RunPlan = {
    modules: ['search', 'refinement'],
    policy: { id: 'p', version: '1', sample: () => Promise.reject(new Error('nothing is sampled')) as never },
    seed: 1,
    group: 2,
    rounds: 1,
    datasets: [dataset],
    heldOut: [],
    aggregate: 'geomean',
    budgetSeconds: undefined,
    apply: 'none',
    stopAfter: 'groups',
  };
  const hash = sourceHash(workspace.files, workspace.manifest, compiler);
  const record = runRecord(plan, { workspace, sourceHash: hash }, compiler);
  await openLedger(ledgerPath(root), services.clock).append({ ...record, runId: 'r' });
  const request = {
    ...plan,
    services,
    workspace,
    locate: (ref: Parameters<typeof locateRegion>[1], text: string) => locateRegion(syntax, ref, text),
  };
  const { records } = await earlierOf('r', request);
  expect(planOf(resumable(records, 'r'))).toMatchObject({ modules: plan.modules, stopAfter: 'groups' });
  const other = earlierOf('r', { ...request, modules: ['search'] });
  await expect(other).rejects.toMatchObject({ code: 'run-stale' });
  await expect(other).rejects.toThrow(/its modules are search, refinement, not search/);
  const budgets = { ...workspace.manifest.budgets, memoryFactor: 2 };
  const roomier = { ...workspace, manifest: { ...workspace.manifest, budgets } };
  await expect(earlierOf('r', { ...request, workspace: roomier })).rejects.toThrow(/budgets or style limits/);
});
