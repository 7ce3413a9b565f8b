/** What a reward server may answer from the ledger, without measuring. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { externalPolicy } from '../../../src/engine/externalPolicy.ts';
import { completionHash, judgedBefore } from '../../../src/engine/judgedBefore.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import type { MeasuringSetting } from '../../../src/engine/measuringSetting.ts';
import { type LedgerRecord, recordsOf } from '../../../src/protocol/ledger.ts';
import { modelLedger } from '../export/modelLedger.ts';
import { SampleRun } from '../reporting/sampleLedger.ts';

const base = 'ba5e'.repeat(16);
let records: LedgerRecord[];
let setting: MeasuringSetting;
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'annsmith-judged-'));
  try {
    await modelLedger(root);
    const server = new SampleRun(root, 'server-run');
    await server.begin(['search'], { policy: { ...externalPolicy } });
    await server.group('g1', 'search', 1);
    await server.completion('g1c1', 'asked over HTTP', 'diff');
    await server.accepted('g1c1', { gain: 0.2 });
    ({ records } = await readLedger(ledgerPath(root)));
  } finally {
    await rm(root, { recursive: true });
  }
  setting = recordsOf(records, 'run')[0]!;
});

const known = (changes: Partial<MeasuringSetting> = {}, hash = base) =>
  judgedBefore(records, hash, { ...setting, ...changes });
const of = (text: string, module = 'search') => known().get(completionHash(module, text));

it('knows what earlier servers and models were told, by module and text', () => {
  expect(of('asked over HTTP')).toMatchObject({ reward: 0.2, verdict: 'accepted', check: null });
  expect(of('nearly as fast')).toMatchObject({ reward: 0.38, gain: { value: 0.38 } });
  expect(of('wrong')).toMatchObject({
    reward: -1,
    gain: null,
    verdict: 'wrong-answers',
    check: 'answers-valid',
  });
  expect(of('slower', 'construction')).toMatchObject({ reward: -0.13, verdict: 'slower' });
  expect(of('slower', 'search')).toBeUndefined();
});

it.each([
  ['the playbook wrote: over HTTP the same text is no program', 'bitset-visited; end'],
  ['was asked again: its judgement is of the second answer', 'second try'],
  ['was asked again: its first answer', 'first try'],
  ['broke off: it was not read', 'broke o'],
  ['nothing could be said of', 'unlucky'],
  ['was never judged', 'never judged'],
])('does not know what %s', (_, text) => {
  expect(of(text)).toBeUndefined();
  expect(of(text, 'construction')).toBeUndefined();
});

it('knows nothing of other code', () => {
  expect(known({}, 'other').size).toBe(0);
});

it('knows nothing that was measured otherwise', () => {
  expect(known().size).toBeGreaterThan(4);
  const [dataset] = setting.datasets;
  const other: Partial<MeasuringSetting>[] = [
    { aggregate: 'worst' },
    { k: 100 },
    { limits: { budgets: { memoryFactor: 2 }, style: { unused: 0 } } },
    { limits: undefined },
    { index: { ...setting.index, M: 32 } },
    { machine: { ...setting.machine, id: 'another' } },
    { datasets: [{ ...dataset!, fingerprint: 'another' }] },
    { datasets: [{ ...dataset!, window: [0.5, 0.6] }] },
    { datasets: [dataset!, { ...dataset!, name: 'second' }] },
  ];
  for (const changes of other) expect(known(changes).size).toBe(0);
  // Held-out datasets have no part in a reward.
  const heldOut = { ...dataset!, name: 'second', heldOut: true };
  expect(known({ datasets: [dataset!, heldOut] }).size).toBe(known().size);
  expect(known({ machine: { ...setting.machine, memoryBytes: 1 } }).size).toBe(known().size);
});
