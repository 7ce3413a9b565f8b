import { describe, expect, it } from 'vitest';
import { policyTree } from '../../../../src/host/views/model/policy.ts';
import { candidate, group, l10n, outline, run, tooltipText } from './samples.ts';

const groups = [
  group([
    candidate('g1c1', { verdict: { kind: 'accepted' } }),
    candidate('g1c2', { verdict: { kind: 'rejected', reason: 'slower', check: 'screen', detail: '' } }),
    candidate('g1c3', { verdict: { kind: 'cancelled' } }),
    candidate('g1c4'),
  ]),
];

describe('policy view', () => {
  it('names the policy, its prior, and what it can learn from', () => {
    const runs = [
      run({ at: '2026-02-01T10:00:00.000Z', groups }),
      run({ id: 'r0', policyVersion: '2+ffff', at: '2026-01-01T10:00:00.000Z', groups }),
      run({ id: 'x', policy: 'some-model', policyVersion: '9', at: '2026-03-01T10:00:00.000Z', groups }),
    ];
    const rows = policyTree({ policy: 'playbook', runs }, l10n);
    expect(outline(rows)).toEqual([
      'Playbook | 3+5f1d0c7a9e21',
      'Prior | version 3',
      'Judged candidates | 4, runs: 2',
    ]);
    expect(tooltipText(rows[0]!)).toContain('offline, free, trainable');
  });

  it('knows no version before the first run', () => {
    expect(outline(policyTree({ policy: 'playbook', runs: [] }, l10n))).toEqual([
      'Playbook',
      'Judged candidates | none yet',
    ]);
  });

  it('shows another policy by its name', () => {
    const rows = policyTree(
      { policy: 'some-model', runs: [run({ policy: 'some-model', policyVersion: '9' })] },
      l10n,
    );
    expect(outline(rows)).toEqual(['some-model | 9', 'Judged candidates | none yet']);
  });
});
