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
import { mnist, oneModuleRun, patchOf, SampleRun } from '../reporting/sampleLedger.ts';

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

it('takes from elsewhere what is wrong with the code itself, and nothing that was measured', async () => {
  const root = mkdtempSync(join(folder, 'other-'));
  const here = new SampleRun(root, 'here');
  await here.begin(['search']);
  await here.group('g1', 'search', 1);
  await here.completion('g1c1', 'bitset-visited; end', patchOf('bitset-visited'));
  await here.accepted('g1c1', { gain: 0.05 });
  const elsewhere = new SampleRun(root, 'elsewhere');
  const { datasets } = recordsOf((await readLedger(ledgerPath(root))).records, 'run')[0]!;
  await elsewhere.begin(['search'], { datasets: [{ ...datasets[0]!, name: 'glove-100-angular' }] });
  await elsewhere.group('g1', 'search', 3);
  await elsewhere.completion('g1c1', 'bitset-visited; end', patchOf('bitset-visited'));
  await elsewhere.completion('g1c2', 'huge-pages; end', patchOf('huge-pages'));
  await elsewhere.completion('g1c3', 'descent-prefetch; end', patchOf('descent-prefetch'));
  const rejected = (reason: 'slower' | 'timeout' | 'wrong-answers') =>
    ({ kind: 'rejected', reason, check: 'a check', detail: 'why' }) as const;
  await elsewhere.judgement('g1c1', rejected('slower'));
  await elsewhere.judgement('g1c2', rejected('timeout'));
  await elsewhere.judgement('g1c3', rejected('wrong-answers'));

  const { records } = await readLedger(ledgerPath(root));
  const { files } = await loadWorkspace(exampleRoot, { syntax: await createCppSyntax() });
  const hash = recordsOf(records, 'group')[0]!.baseHash;
  const past = pastCandidates(records, { module: 'search', runId: '', files, hash, dataset: mnist });
  // What was faster here stays what it is, and is not replaced by what it was elsewhere.
  expect(past.map(({ id, reward }) => [id, reward])).toEqual([
    ['here/g1c1', 0.05],
    ['elsewhere/g1c3', -1],
  ]);
  const other = pastCandidates(records, {
    module: 'search',
    runId: '',
    files,
    hash: 'other code',
    dataset: mnist,
  });
  expect(other.map(({ id }) => id)).toEqual(['elsewhere/g1c3']);
});
