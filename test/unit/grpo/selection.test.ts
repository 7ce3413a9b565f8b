import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidateRows } from '../../../src/engine/export/candidateRow.ts';
import { type Selection, selectGroups } from '../../../src/engine/grpo/selection.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { noUsage } from '../../../src/protocol/model.ts';
import { logRun, madeUpReward } from './loggedRuns.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-select-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const version = 'v1';

async function select(needsLogprobs = true): Promise<Selection> {
  return selectGroups(await readLedger(ledgerPath(root)), {
    policy: { id: 'playbook', version },
    needsLogprobs,
  });
}

function log(runId: string, changes: Partial<Parameters<typeof logRun>[0]> = {}): Promise<void> {
  return logRun({ root, runId, version, seed: 1, group: 4, reward: madeUpReward, ...changes });
}

/** Rewrites the ledger's records. */
async function edit(change: (record: Record<string, unknown>) => unknown): Promise<void> {
  const lines = (await readFile(ledgerPath(root), 'utf8')).split('\n').filter((line) => line !== '');
  const changed = lines.flatMap((line) => {
    const record = change(JSON.parse(line) as Record<string, unknown>);
    return record === undefined ? [] : [JSON.stringify(record)];
  });
  await writeFile(ledgerPath(root), `${changed.join('\n')}\n`);
}

describe('the groups that are trained on', () => {
  it('are the complete ones of this version, with advantages of their rewards', async () => {
    await log('r1', { groups: 2, modules: ['search', 'refinement'] });
    const { groups, skipped, repaired } = await select();
    expect(groups.map(({ groupId, module }) => [groupId, module])).toEqual([
      ['g1', 'search'],
      ['g2', 'search'],
      ['g3', 'refinement'],
      ['g4', 'refinement'],
    ]);
    for (const { completions, advantages, meanReward, datasets } of groups) {
      expect(completions).toHaveLength(4);
      expect(advantages.reduce((sum, a) => sum + a, 0)).toBeCloseTo(0, 9);
      expect(advantages.reduce((sum, a) => sum + a * a, 0) / 4).toBeCloseTo(1, 9);
      expect(meanReward).toBeCloseTo(completions.reduce((sum, c) => sum + c.reward, 0) / 4, 12);
      expect(datasets).toEqual(['d']);
    }
    expect(skipped).toEqual([]);
    expect(repaired).toBe(0);
  });

  it('leave out, and count, all others', async () => {
    await log('good');
    await log('other-policy');
    await log('old', { version: 'v0' });
    await log('flat', { reward: () => 0.25 });
    await log('no-logprobs', { withLogprobs: false });
    await log('cut-in-sampling');
    await log('cut-in-judging');
    await log('failed');
    await edit((record) => {
      const is = (runId: string, type: string): boolean =>
        record['runId'] === runId && record['type'] === type;
      if (is('other-policy', 'group')) return { ...record, policy: { id: 'openai:m', version } };
      if (is('cut-in-sampling', 'completion') && record['candidateId'] === 'g1c4') return undefined;
      if (is('cut-in-judging', 'judgement') && record['candidateId'] === 'g1c4') return undefined;
      if (is('failed', 'judgement') && record['candidateId'] === 'g1c2') return { ...record, reward: null };
      return record;
    });
    await appendFile(ledgerPath(root), '{"v":1,"type":"group"}\n{"v":2,"type":"gro');
    const { groups, skipped, zeroVariance } = await select();
    expect(groups.map(({ runId }) => runId)).toEqual(['good']);
    expect(zeroVariance.map(({ runId }) => runId)).toEqual(['flat']);
    expect(Object.fromEntries(skipped.map(({ reason, count }) => [reason, count]))).toEqual({
      'unreadable-line': 2,
      'other-policy': 1,
      'other-version': 1,
      'zero-variance': 1,
      'missing-logprobs': 1,
      incomplete: 2,
      unrewarded: 1,
    });
    // Where log-probabilities are computed anew, logged ones are not needed.
    expect((await select(false)).groups.map(({ runId }) => runId)).toEqual(['good', 'no-logprobs']);
  });

  it('hold the first answer of a completion that was asked again', async () => {
    await log('r1');
    await edit((record) => {
      if (record['type'] !== 'completion') return record;
      const answer = { analysis: '', design: '', finish: 'stop', usage: noUsage };
      if (record['candidateId'] === 'g1c1') {
        const repaired = { text: 'first', reason: 'does-not-apply', why: 'no such block' };
        return { ...record, text: 'second', answer: { ...answer, repaired } };
      }
      if (record['candidateId'] === 'g1c4') {
        const repaired = { text: 'first', reason: 'does-not-parse', why: 'broke off', finish: 'length' };
        return { ...record, text: 'second', answer: { ...answer, repaired } };
      }
      return record['candidateId'] === 'g1c2'
        ? { ...record, answer: { ...answer, finish: 'length' } }
        : record;
    });
    const { groups, repaired } = await select();
    expect(repaired).toBe(2);
    const [first, second, third, fourth] = groups[0]!.completions;
    expect(first).toMatchObject({ text: 'first', valid: false, truncated: false });
    expect(second).toMatchObject({ valid: true, truncated: true });
    expect(third).toMatchObject({ valid: true, truncated: false });
    expect(fourth).toMatchObject({ text: 'first', valid: false, truncated: true });
    // Exports say the same.
    const rows = candidateRows((await readLedger(ledgerPath(root))).records);
    expect(rows.map(({ truncated }) => truncated)).toEqual([false, true, false, true]);
  });
});
