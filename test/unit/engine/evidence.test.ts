/** What a prompt may show of candidates before: only what was measured beside the code as it stands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { pastCandidates } from '../../../src/engine/evidence.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import { recordsOf } from '../../../src/protocol/ledger.ts';
import { exampleRoot } from '../../engine/fixture.ts';
import { mnist, oneModuleRun } from '../reporting/sampleLedger.ts';

const folder = mkdtempSync(join(tmpdir(), 'annsmith-evidence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('has scores of this code and this dataset alone', async () => {
  await oneModuleRun(folder);
  const { records } = await readLedger(ledgerPath(folder));
  const { files } = await loadWorkspace(exampleRoot, { syntax: await createCppSyntax() });
  const [group] = recordsOf(records, 'group');
  const wanted = { module: 'search', runId: group!.runId, files, hash: group!.baseHash, dataset: mnist };

  const accepted = pastCandidates(records, wanted).filter(({ verdict }) => verdict.kind === 'accepted');
  expect(accepted.length).toBeGreaterThan(0);
  for (const { gain, points, patch } of accepted) {
    expect(gain).not.toBeNull();
    expect(points.length).toBeGreaterThan(0);
    expect(patch).toContain('include/hnsw/');
  }
  for (const other of [{ hash: 'of other code' }, { dataset: 'glove-100-angular' }]) {
    const past = pastCandidates(records, { ...wanted, ...other });
    expect(past.filter(({ verdict }) => verdict.kind === 'accepted')).toEqual([]);
    expect(past.map(({ gain }) => gain)).toEqual(past.map(() => null));
  }
});
