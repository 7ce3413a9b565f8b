import { describe, expect, it } from 'vitest';
import type { EngineState } from '../../../../src/host/feature.ts';
import { runsTree } from '../../../../src/host/views/model/runs.ts';
import type { RunView } from '../../../../src/protocol/engine.ts';
import {
  allRows,
  candidate,
  estimate,
  group,
  l10n,
  outline,
  root,
  run,
  tooltipText,
  workspace,
} from './samples.ts';

const tree = (runs: readonly RunView[], engine: EngineState = 'running') =>
  runsTree({ workspaces: [workspace()], runsOf: () => runs, engine }, l10n);

const judged = [
  candidate('g1c1', {
    summary: 'linear-candidate-pool; batched-neighbour-prefetch lookahead=4; end',
    verdict: { kind: 'accepted' },
    gain: estimate(0.4, 0.02),
    reward: 0.4,
    confirmed: true,
    won: true,
  }),
  candidate('g1c2', { verdict: { kind: 'accepted' }, gain: estimate(0.05, 0.03), reward: 0.05 }),
  candidate('g1c3', {
    summary: 'descent-prefetch; end',
    verdict: {
      kind: 'rejected',
      reason: 'wrong-answers',
      check: 'answers-valid',
      detail: 'query 17: id 60000 is out of range',
    },
    reward: -1,
  }),
  candidate('g1c4', {
    summary: 'end',
    verdict: { kind: 'rejected', reason: 'slower', check: 'screen', detail: 'slower by 12 %' },
    gain: estimate(-0.13),
  }),
  candidate('g1c5', { verdict: { kind: 'failed', error: 'no reply within 60 s' } }),
];

describe('candidates view', () => {
  it('shows runs, groups and candidates with what came of them', () => {
    const done = run({ gain: estimate(0.39, 0.012), groups: [group(judged)] });
    expect(outline(tree([done]))).toEqual([
      'Search · +47.7 % (+45.9 .. +49.5) | mnist-784-euclidean · 2026-01-31 09:30',
      '  Search, round 1 | best +49.2 % · 2 accepted of 5',
      '    +49.2 % (+46.2 .. +52.2) · confirmed | linear-candidate-pool; batched-neighbour-prefetch lookahead=4',
      '    +5.1 % (+2.0 .. +8.3) | bitset-visited',
      '    wrong answers (answers-valid) | descent-prefetch',
      '    slower (screen) · -12.2 % | No change',
      '    failed | bitset-visited',
    ]);
  });

  it('says of a run that trains the policy that it sampled, not that it confirmed nothing', () => {
    const rows = tree([run({ forTraining: true, groups: [group(judged)] })]);
    expect(rows[0]).toMatchObject({
      label: 'Search · sampled for training',
      icon: { name: 'mortar-board' },
      spoken: 'Search · mnist-784-euclidean, 2026-01-31 09:30 · sampled for training',
    });
    const [cut] = tree([run({ forTraining: true, status: 'unfinished' })]);
    expect(cut).toMatchObject({ label: 'Search · cut off', icon: { name: 'debug-pause' } });
  });

  it('says a verdict in words beside its icon', () => {
    const rows = allRows(tree([run({ gain: estimate(0.39), groups: [group(judged)] })]));
    const spoken = rows.filter(({ kind }) => kind === 'annsmith.candidate').map((row) => row.spoken);
    expect(spoken).toEqual([
      'confirmed winner: linear-candidate-pool; batched-neighbour-prefetch lookahead=4, +49.2 % (+46.2 .. +52.2) · confirmed',
      'accepted: bitset-visited, +5.1 % (+2.0 .. +8.3)',
      'rejected: descent-prefetch, wrong answers (answers-valid)',
      'rejected: No change, slower (screen) · -12.2 %',
      'failed: bitset-visited',
    ]);
    const icons = rows.filter(({ kind }) => kind === 'annsmith.candidate').map((row) => row.icon?.name);
    expect(icons).toEqual(['verified-filled', 'pass', 'error', 'error', 'warning']);
  });

  it('tells in the tooltip why, how much, and the whole program', () => {
    const rows = allRows(tree([run({ groups: [group(judged)] })]));
    const textOf = (id: string): string => tooltipText(rows.find((row) => row.target.candidate === id)!);
    expect(textOf('g1c3')).toBe(
      [
        'g1c3: rejected',
        'Check answers-valid: wrong answers.',
        'query 17: id 60000 is out of range',
        'Reward -1.000.',
        'descent-prefetch; end',
      ].join('\n'),
    );
    expect(textOf('g1c1')).toContain('Gain +49.2 % (+46.2 .. +52.2), 95 % interval.');
    expect(textOf('g1c1')).toContain('held-out queries');
  });

  it.each<[string, Partial<RunView>, EngineState, string, string]>([
    ['going on', { status: 'active' }, 'running', 'running', 'annsmith.run.active'],
    ['restarting', { status: 'active' }, 'starting', 'waiting for the engine server', 'annsmith.run.active'],
    [
      'server gone',
      { status: 'active' },
      'stopped',
      'the engine server has stopped',
      'annsmith.run.resumable',
    ],
    ['gained', { gain: estimate(0.1) }, 'stopped', '+10.5 % (+9.4 .. +11.6)', 'annsmith.run.done'],
    ['nothing gained', {}, 'running', 'no gain confirmed', 'annsmith.run.empty'],
    ['cancelled', { status: 'cancelled' }, 'running', 'cancelled', 'annsmith.run.resumable'],
    ['failed', { status: 'failed', error: 'x' }, 'running', 'failed', 'annsmith.run.resumable'],
    ['cut off', { status: 'unfinished' }, 'running', 'cut off', 'annsmith.run.resumable'],
  ])('tells a run that is %s', (_, changes, engine, status, kind) => {
    const [row] = tree([run(changes)], engine);
    expect(row!.spoken).toMatch(status.startsWith('+') ? /^done: Search/ : /^Search/);
    expect(row!.label).toBe(`Search · ${status}`);
    expect(row!.description).toBe('mnist-784-euclidean · 2026-01-31 09:30');
    expect(row!.kind).toBe(kind);
    expect(row!.target).toEqual({ root, run: 'r1' });
  });

  it('shows candidates that wait for their verdict', () => {
    const groups = [group([candidate('g1c1')])];
    const labelOf = (status: RunView['status']) => allRows(tree([run({ status, groups })])).at(-1)!.label;
    expect(labelOf('active')).toBe('pending');
    expect(labelOf('unfinished')).toBe('not judged');
  });

  it('lists the speed-ups of a run and why it failed', () => {
    const speedup = [{ recall: 0.95, ratio: estimate(1.5, 0.02), referenceQps: 3100, candidateQps: 4650 }];
    const [row] = tree([run({ speedup, status: 'failed', error: 'no space left on the device' })]);
    expect(tooltipText(row!)).toBe(
      [
        'r1',
        'Started 2026-01-31 09:30 with the policy playbook: failed.',
        'no space left on the device',
        'At recall 0.95: 1.50 x (1.48 .. 1.52), from 3,100 to 4,650 QPS.',
      ].join('\n'),
    );
  });

  it('tells what models used, and lets their reasoning be read', () => {
    const usage = { promptTokens: 9000, completionTokens: 1000, requests: 5, cost: null };
    const groups = [group([candidate('g1c1'), candidate('g1c2', { hasPatch: false })])];
    const rows = allRows(tree([run({ policy: 'playbook,openai:m', usage, groups })]));
    expect(rows[0]!.description).toMatch(/ · 10,000 tokens$/);
    expect(tooltipText(rows[0]!)).toContain('9,000 tokens of prompts and 1,000 of completions in 5 requests');
    const kinds = rows.filter(({ target }) => target.candidate !== undefined).map(({ kind }) => kind);
    expect(kinds).toEqual(['annsmith.candidate.model', 'annsmith.candidate.empty']);
  });

  it('has unique ids, and marks what was applied', () => {
    const groups = [group(judged), group([candidate('g2c1', { hasPatch: false })], { id: 'g2', round: 2 })];
    const rows = allRows(tree([run({ groups, applied: true }), run({ id: 'r2', groups })]));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows[0]!.label).toMatch(/ · applied$/);
    expect(rows.find(({ target }) => target.candidate === 'g2c1')!.kind).toBe('annsmith.candidate.empty');
  });

  it('clips long completions in the row alone', () => {
    const summary = 'x'.repeat(300);
    const row = allRows(tree([run({ groups: [group([candidate('g1c1', { summary })])] })])).at(-1)!;
    expect(row.description).toHaveLength(100);
    expect(tooltipText(row)).toContain(summary);
  });
});
