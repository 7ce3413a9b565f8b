import { describe, expect, it } from 'vitest';
import { Consents } from '../../../../src/host/policy/consents.ts';
import { editorEndpoint } from '../../../../src/host/policy/consentText.ts';
import { type LastTest, ModelTests } from '../../../../src/host/policy/modelTests.ts';
import { recentPolicies, rememberPolicy } from '../../../../src/host/policy/recentPolicies.ts';

/** As the editor's: what is stored comes back as JSON does. */
function memento(start: Readonly<Record<string, unknown>> = {}) {
  const stored = new Map(Object.entries(start));
  return {
    get: <T>(key: string): T | undefined => stored.get(key) as T | undefined,
    update: async (key: string, value: unknown): Promise<void> => {
      stored.set(key, JSON.parse(JSON.stringify(value)));
    },
  };
}

describe('consent', () => {
  const here = { root: '/w', endpoint: 'https://a.example' };

  it('is of a folder and an endpoint, until it is withdrawn', async () => {
    const memory = memento();
    const consents = new Consents(memory);
    expect(consents.has(here)).toBe(false);
    await consents.give(here);
    await consents.give(here);
    expect(new Consents(memory).all).toEqual([here]);
    expect(consents.has({ ...here, root: '/other' })).toBe(false);
    expect(consents.has({ ...here, endpoint: 'https://b.example' })).toBe(false);
    await consents.give({ ...here, root: '/other' });
    await consents.withdraw([here]);
    expect(consents.all).toEqual([{ ...here, root: '/other' }]);
  });

  it('to send code to one vendor of models of the editor is none for another', async () => {
    const consents = new Consents(memento({ 'annsmith.consents': [{ root: '/w', endpoint: 'vscode.lm' }] }));
    const to = (vendor: string) => ({ root: '/w', endpoint: editorEndpoint(vendor) });
    expect(consents.has(to('copilot')), 'what was given to all of them once').toBe(false);
    await consents.give(to('copilot'));
    expect(['copilot', 'copilot2', 'ollama'].map((vendor) => consents.has(to(vendor)))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is none where what is stored is not readable', () => {
    expect(new Consents(memento({ 'annsmith.consents': [{ root: 1 }] })).all).toEqual([]);
  });
});

describe('tests of models', () => {
  const test = (policy: string, endpoint: string, seconds: number): LastTest => ({
    policy,
    endpoint,
    at: '2026-01-31T09:30:00.000Z',
    outcome: { ok: true, text: 'yes', seconds, dropped: ['seed'] },
  });

  it('are kept per model and endpoint, the last of each', async () => {
    const tests = new ModelTests(memento());
    await tests.record(test('openai:m', 'https://a.example', 1));
    await tests.record(test('openai:m', 'https://b.example', 2));
    await tests.record(test('openai:m', 'https://a.example', 3));
    expect(tests.last('openai:m', 'https://a.example')?.outcome).toMatchObject({ seconds: 3 });
    expect(tests.last('openai:m', 'https://b.example')?.outcome).toMatchObject({ seconds: 2 });
    expect(tests.last('openai:x', 'https://a.example')).toBeUndefined();
  });
});

describe('recent policies', () => {
  it('are the last eight that make sense, newest first, each once', async () => {
    const memory = memento();
    for (const name of ['nonsense', 'openai:0', 'playbook', ' playbook, openai:0'])
      await rememberPolicy(memory, name);
    await rememberPolicy(memory, 'openai:0');
    expect(recentPolicies(memory)).toEqual(['openai:0', 'playbook,openai:0', 'playbook']);
    for (let index = 1; index <= 9; index++) await rememberPolicy(memory, `openai:${index}`);
    expect(recentPolicies(memory)).toHaveLength(8);
    expect(recentPolicies(memory)[0]).toBe('openai:9');
  });
});
