import { describe, expect, it } from 'vitest';
import {
  prepareBenchmark,
  prepareListModules,
  prepareProposePatch,
} from '../../../../src/host/agents/prepare.ts';
import {
  candidateText,
  chosenFolder,
  overviewText,
  runsText,
  runText,
} from '../../../../src/host/agents/toolText.ts';
import { proposalText } from '../../../../src/protocol/agentText.ts';
import type { ProposalOutcome } from '../../../../src/protocol/engine.ts';
import {
  candidate,
  estimate,
  group,
  l10n,
  moduleOverview,
  region,
  run,
  workspace,
} from '../views/samples.ts';

describe('the folder that an agent means', () => {
  const one = workspace({ root: '/a/one', name: 'one' });
  const two = workspace({ root: '/a/two', name: 'two' });

  it('is the only one, the active editor’s, or the one that is named', () => {
    expect(chosenFolder([one], undefined, undefined)).toBe(one);
    expect(chosenFolder([one, two], undefined, two)).toBe(two);
    expect(chosenFolder([one, two], 'one', two)).toBe(one);
    expect(chosenFolder([one, two], '/a/two', undefined)).toBe(two);
  });

  it('is asked for, never guessed', () => {
    expect(() => chosenFolder([one, two], undefined, undefined)).toThrow(/folder.*one \(\/a\/one\), two/);
    expect(() => chosenFolder([one, two], 'three', one)).toThrow(/no folder three.*one \(/);
    expect(() => chosenFolder([], undefined, undefined)).toThrow(/annsmith\.json/);
  });
});

describe('what tools tell a model', () => {
  it('shows the code of every region', () => {
    const code = 'void Run() {}';
    const regions = [region('Run', { start: 5, end: 5 + code.length })];
    const text = overviewText(workspace({ modules: [moduleOverview({ regions })] }), () => `// x\n${code}\n`);
    expect(text).toContain('function `Run`, include/hnsw/search.h:12-40\n```cpp\nvoid Run() {}\n```');
    expect(text).toContain('Not benchmarked yet.');
  });

  it('has verdict, interval and curve of a proposal, and that nothing was applied', () => {
    const point = (ef: number, recall: number, qps: number) => ({
      ef,
      recall,
      qps,
      secondsPerQuery: 1 / qps,
    });
    const outcome: ProposalOutcome = {
      run: 'r1',
      candidate: 'g1c1',
      verdict: { kind: 'accepted' },
      gain: estimate(0.4),
      confirmed: false,
      speedup: [{ recall: 0.95, ratio: estimate(1.5), referenceQps: 1000, candidateQps: 1500 }],
      reference: [point(20, 0.9, 2000)],
      points: [point(40, 0.97, 1400), point(20, 0.9, 3000)],
      checks: [
        { name: 'loads', ok: true, detail: '' },
        { name: 'held-out', ok: false, detail: 'slower there' },
      ],
      patch: null,
    };
    const text = proposalText(outcome);
    expect(text).toMatch(/^Verdict: accepted/);
    expect(text).toContain('+49.2 % (95 % interval +47.7 % to +50.7 %)');
    expect(text).toContain('do not call it a gain');
    expect(text).toContain('ef 20: recall 0.9000, 3,000 QPS\n  ef 40: recall 0.9700, 1,400 QPS');
    expect(text).toContain('Checks that failed:\n  held-out: slower there\nChecks that passed:\n  loads\n');
    expect(text).toContain('Nothing was applied');
    const verdict = {
      kind: 'rejected',
      reason: 'does-not-apply',
      check: 'applies',
      detail: 'no such line',
    } as const;
    expect(proposalText({ ...outcome, verdict, gain: null, confirmed: null, speedup: [] })).toMatch(
      /^Verdict: rejected \(does-not-apply\) by the check applies: no such line\.\nGain: not measured\./,
    );
  });

  it('lists runs, and a run with its candidates', () => {
    expect(runsText([])).toBe('No runs yet.');
    const judged = candidate('g1c1', {
      verdict: { kind: 'accepted' },
      gain: estimate(0.1),
      confirmed: false,
    });
    const text = runText(run({ groups: [group([judged, candidate('g1c2')])] }));
    expect(text).toContain('r1, ');
    expect(text).toContain('2 candidates, no gain confirmed');
    expect(text).toContain('g1c1 (search): accepted: all checks passed; gain +10.5 %');
    expect(text).toContain(', not confirmed');
    expect(text).toContain('g1c2 (search): not judged');
  });

  it('shows what a candidate changes', () => {
    const text = candidateText(run({ groups: [group([candidate('g1c1')])] }), {
      run: 'r1',
      candidate: 'g1c1',
      module: 'search',
      title: '',
      gain: null,
      analysis: '',
      design: 'A flat array.',
      parts: [{ part: 'p', cause: 'Because.', gain: null }],
      files: [{ file: 'a.h', base: 'one\n', text: 'two\n' }],
    });
    expect(text).toContain('p: Because.');
    expect(text).toContain('A flat array.');
    expect(text).toContain('--- a/a.h\n+++ b/a.h');
    expect(text).toContain('-one\n+two');
  });
});

describe('before a tool is used', () => {
  it('the user is asked where code is built and run, and sees the code', () => {
    expect(prepareListModules(l10n).confirmation).toBeUndefined();
    expect(prepareBenchmark({ dataset: 'mnist' }, l10n).confirmation?.message).toContain('timed on mnist');
    const patch = `${Array.from({ length: 70 }, (_, i) => `line ${i}`).join('\n')}\n`;
    const { confirmation } = prepareProposePatch({ module: 'search', patch }, l10n);
    expect(confirmation?.title).toBe('Build and run a patch to Search?');
    expect(confirmation?.message).toContain('line 59\n```');
    expect(confirmation?.message).toContain('10 more lines');
    expect(confirmation?.message).not.toContain('line 60');
  });
});
