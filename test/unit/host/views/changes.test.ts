import { describe, expect, it } from 'vitest';
import { changedRows } from '../../../../src/host/views/model/changes.ts';
import { runsTree } from '../../../../src/host/views/model/runs.ts';
import type { CandidateView, RunView } from '../../../../src/protocol/engine.ts';
import { candidate, estimate, group, l10n, root, run, workspace } from './samples.ts';

const tree = (...runs: RunView[]) =>
  runsTree({ workspaces: [workspace()], runsOf: () => runs, engine: 'running' }, l10n);

const active = (...candidates: CandidateView[]): RunView =>
  run({ status: 'active', groups: [group(candidates), group([candidate('g2c1')], { id: 'g2', round: 2 })] });

const rejected = candidate('g1c2', {
  verdict: { kind: 'rejected', reason: 'recall', check: 'recall', detail: '' },
});

describe('changed rows', () => {
  it('are none where nothing differs', () => {
    expect(changedRows(tree(active(candidate('g1c1'))), tree(active(candidate('g1c1'))))).toEqual([]);
  });

  it('are one candidate where only it was judged', () => {
    const before = tree(active(candidate('g1c1'), candidate('g1c2')));
    const after = tree(active(candidate('g1c1'), rejected));
    expect(changedRows(before, after)).toEqual([`candidate:${root}:r1:g1:g1c2`]);
  });

  it('are the group where its best or its order changes', () => {
    const accepted = candidate('g1c2', { verdict: { kind: 'accepted' }, gain: estimate(0.1) });
    const before = tree(active(candidate('g1c1'), candidate('g1c2')));
    expect(changedRows(before, tree(active(accepted, candidate('g1c1'))))).toEqual([`group:${root}:r1:g1`]);
    expect(changedRows(before, tree(active(candidate('g1c2'), candidate('g1c1'))))).toEqual([
      `group:${root}:r1:g1`,
    ]);
  });

  it('are the run where a group is new or its status changes', () => {
    const before = tree(run({ status: 'active', groups: [group([rejected])] }));
    expect(changedRows(before, tree(active(rejected)))).toEqual([`run:${root}:r1`]);
    const ended = tree(run({ status: 'cancelled', groups: [group([rejected])] }));
    expect(changedRows(before, ended)).toEqual([`run:${root}:r1`]);
  });

  it('are all where a run is new', () => {
    const before = tree(active(rejected));
    expect(changedRows(before, tree(run({ id: 'r2' }), active(rejected)))).toBe('all');
    expect(changedRows([], before)).toBe('all');
  });
});
