import { describe, expect, it } from 'vitest';
import { type PolicyInput, policyTree } from '../../../../src/host/views/model/policy.ts';
import type { ModelFacts } from '../../../../src/host/views/model/policyModel.ts';
import { roundOf, versionOf } from '../../grpo/sampleRounds.ts';
import { candidate, group, l10n, outline, run, tooltipText } from './samples.ts';

const groups = [
  group([
    candidate('g1c1', { verdict: { kind: 'accepted' } }),
    candidate('g1c2', { verdict: { kind: 'rejected', reason: 'slower', check: 'screen', detail: '' } }),
    candidate('g1c3', { verdict: { kind: 'cancelled' } }),
    candidate('g1c4'),
  ]),
];

const models: ModelFacts = {
  endpoint: {
    baseUrl: 'https://a.example/v1',
    origin: 'https://a.example',
    from: 'setting',
    isLocal: false,
  },
  hasKey: false,
  isOffered: () => undefined,
  lastTest: () => undefined,
  mayGetCode: () => false,
};
const usage = { promptTokens: 1000, completionTokens: 200, requests: 3, cost: 0.25 };

const tree = (input: Omit<PolicyInput, 'policies'> & Partial<PolicyInput>) =>
  policyTree({ policies: undefined, ...input }, l10n);

describe('policy view', () => {
  it('names the policy, its prior, and what it can learn from', () => {
    const runs = [
      run({ at: '2026-02-01T10:00:00.000Z', groups }),
      run({ id: 'r0', policyVersion: '2+ffff', at: '2026-01-01T10:00:00.000Z', groups }),
      run({ id: 'x', policy: 'openai:m', policyVersion: '9', at: '2026-03-01T10:00:00.000Z', groups }),
    ];
    const rows = tree({ policy: 'playbook', runs, models });
    expect(outline(rows)).toEqual(['Playbook | 3+5f1d0c7a9e21', 'Judged candidates | 4, runs: 2']);
    expect(tooltipText(rows[0]!)).toContain('offline, free, trainable');
  });

  it('knows no version before the first run', () => {
    expect(outline(tree({ policy: 'playbook', runs: [], models }))).toEqual([
      'Playbook',
      'Judged candidates | none yet',
    ]);
  });

  it('shows the lineage newest first, which version samples, and the rounds', () => {
    const prior = versionOf('3+5f1d0c7a9e21', { parent: null, created: null, metrics: null });
    const first = versionOf('pb-1-aaaaaaaa', { parent: '3+5f1d0c7a9e21', promoted: true });
    const second = versionOf('pb-2-bbbbbbbb', { parent: 'pb-1-aaaaaaaa' });
    const broken = versionOf('pb-1-cccccccc', {
      parent: null,
      created: null,
      metrics: null,
      problem: 'its numbers are not those of a network',
    });
    const round = roundOf({ from: 'pb-1-aaaaaaaa', version: 'pb-2-bbbbbbbb' });
    const policies = { versions: [prior, first, second, broken], rounds: [round] };
    const rows = tree({ policy: 'playbook', runs: [], models, policies });
    expect(outline(rows)).toEqual([
      'Playbook | pb-1-aaaaaaaa',
      'Versions | trained: 3',
      '  pb-1-cccccccc | cannot be used',
      '  pb-2-bbbbbbbb | mean reward 0.125',
      '  pb-1-aaaaaaaa | samples · mean reward 0.125',
      '  3+5f1d0c7a9e21 | published prior',
      'GRPO rounds | 1 · last: promoted',
      'Judged candidates | none yet',
    ]);
    const [, versions, rounds] = rows;
    // What samples already, and what cannot, is not offered.
    expect(versions!.children.map(({ kind }) => kind)).toEqual([
      undefined,
      'annsmith.policy.version',
      undefined,
      'annsmith.policy.version',
    ]);
    expect(versions!.children[1]!.target).toEqual({ version: 'pb-2-bbbbbbbb' });
    expect(tooltipText(versions!.children[1]!)).toContain('Trained from pb-1-aaaaaaaa.');
    expect(tooltipText(rounds!)).toContain(round.why);
  });

  it('shows what a model needs, and what is missing', () => {
    const rows = tree({ policy: 'openai:gpt-5', runs: [], models });
    expect(outline(rows)).toEqual([
      'gpt-5 | OpenAI-compatible',
      '  Endpoint | https://a.example',
      '  API key | not set',
      '  Sending code | asked before the first time',
      '  Last test | not tested yet',
      'Judged candidates | none yet',
      'Used by runs | nothing yet',
    ]);
    const [, key, consent] = rows[0]!.children;
    expect([key!.kind, key!.icon?.name]).toEqual(['annsmith.policy.key', 'warning']);
    expect(consent!.kind, 'nothing to withdraw').toBeUndefined();
    expect(rows[0]!.target).toEqual({ policy: 'openai:gpt-5', endpoint: 'https://a.example' });
  });

  it('shows a model that is ready, with what its runs used', () => {
    const at = '2026-01-31T09:30:00.000Z';
    const ready: ModelFacts = {
      ...models,
      hasKey: true,
      lastTest: (policy, endpoint) => ({
        policy,
        endpoint,
        at,
        outcome: { ok: true, text: 'yes', seconds: 1.25, dropped: ['seed', 'logprobs'] },
      }),
      mayGetCode: (endpoint) => endpoint === 'https://a.example',
    };
    const runs = [
      run({ policy: 'openai:gpt-5', groups, usage }),
      run({ id: 'r2', policy: 'playbook,openai:gpt-5', usage }),
      run({ id: 'r3', policy: 'openai:other', usage }),
    ];
    const rows = tree({ policy: 'openai:gpt-5', runs, models: ready });
    expect(outline(rows).slice(2)).toEqual([
      '  API key | set',
      '  Sending code | allowed',
      '  Last test | answered in 1.3 s',
      'Judged candidates | 2, runs: 2',
      'Used by runs | 2,400 tokens · $0.50',
    ]);
    const [, , consent, test] = rows[0]!.children;
    expect(consent!.kind).toBe('annsmith.policy.consent');
    expect(tooltipText(test!)).toContain('It does not take: seed, logprobs.');
  });

  it('shows a failed test with its reason', () => {
    const failed: ModelFacts = {
      ...models,
      lastTest: (policy, endpoint) => ({
        policy,
        endpoint,
        at: '2026-01-31T09:30:00.000Z',
        outcome: { ok: false, error: 'The key was refused.' },
      }),
    };
    const [row] = tree({ policy: 'openai:m', runs: [], models: failed });
    const test = row!.children.at(-1)!;
    expect([test.description, test.icon?.name]).toEqual(['failed: The key was refused.', 'error']);
  });

  it('asks neither a key nor leave for a server on this machine', () => {
    const endpoint = { ...models.endpoint!, origin: 'http://localhost:8000', isLocal: true };
    const [row] = tree({ policy: 'openai:m', runs: [], models: { ...models, endpoint } });
    expect(outline(row!.children)).toEqual([
      'Endpoint | http://localhost:8000 · this machine',
      'API key | not set, often not needed here',
      'Last test | not tested yet',
    ]);
    expect(row!.children[1]!.icon?.name).toBe('key');
  });

  it('says that an address is none', () => {
    const [row] = tree({ policy: 'openai:m', runs: [], models: { ...models, endpoint: undefined } });
    expect(outline(row!.children)).toEqual(['Endpoint | not an address', 'Last test | not tested yet']);
  });

  it('shows models of the editor, and whether they are there', () => {
    const isOffered = (vendor: string, family: string) => `${vendor}/${family}` === 'copilot/gpt-5';
    const facts = { ...models, isOffered };
    const rows = tree({ policy: 'vscode:copilot/gpt-5,vscode:x/y,playbook', runs: [], models: facts });
    expect(outline(rows).filter((row) => !/Last test|Sending code/.test(row))).toEqual([
      'copilot/gpt-5 | language model of the editor',
      '  Provider | copilot · available',
      'x/y | language model of the editor',
      '  Provider | x · not available',
      'Playbook',
      'Judged candidates | none yet',
      'Used by runs | nothing yet',
    ]);
  });

  it('shows which vendor of the editor may be sent code', () => {
    const facts = { ...models, mayGetCode: (endpoint: string) => endpoint === 'vscode.lm/copilot' };
    const policy = 'vscode:copilot/gpt-5,vscode:x/y';
    const rows = tree({ policy, runs: [], models: facts });
    expect(outline(rows).filter((row) => row.includes('Sending code'))).toEqual([
      '  Sending code | allowed',
      '  Sending code | asked before the first time',
    ]);
    expect(rows.map(({ target }) => target).slice(0, 2)).toEqual([
      { policy: 'vscode:copilot/gpt-5', endpoint: 'vscode.lm/copilot' },
      { policy: 'vscode:x/y', endpoint: 'vscode.lm/x' },
    ]);
  });

  it('says that a text is no policy', () => {
    expect(outline(tree({ policy: 'gpt-5', runs: [], models }))).toEqual(['gpt-5 | not a policy']);
  });
});
