/** What `@annsmith` shows the user, and what of that the chat's model is asked with. */
import { describe, expect, it, vi } from 'vitest';
import type { ChatContext } from '../../../../src/host/agents/chat.ts';
import type { Change, RunView } from '../../../../src/protocol/engine.ts';
import { candidate, group, l10n, run, workspace } from '../views/samples.ts';

// The little of the editor that an answer calls.
vi.mock('vscode', () => ({
  l10n,
  env: { language: 'en' },
  window: { activeTextEditor: undefined },
  CancellationError: class extends Error {},
  LanguageModelChatMessage: { User: (content: string) => ({ content }) },
}));
const { answerChat } = await import('../../../../src/host/agents/chat.ts');

/** Lines of a user's code, wherever a ledger may have them. */
const canaries = {
  detail: 'static const char* kToken = "canary-of-the-detail";',
  summary: 'float canaryOfTheSummary = 1.0f;',
  analysis: 'int canaryOfTheAnalysis;',
  design: 'int canaryOfTheDesign;',
  cause: 'canary of the comment',
  base: 'int canaryOfTheBase;',
  text: 'int canaryOfTheNewText;',
  error: '/home/ada/hnsw/search.h:3: canaryOfTheError',
};
const change: Change = {
  run: 'r1',
  candidate: 'g1c1',
  module: 'search',
  title: 'g1c1',
  gain: null,
  analysis: canaries.analysis,
  design: canaries.design,
  parts: [{ part: 'search.h:3', cause: canaries.cause, gain: null }],
  files: [{ file: 'search.h', base: `${canaries.base}\n`, text: `${canaries.text}\n` }],
};

function contextOf(runs: readonly RunView[]): ChatContext {
  const answers: Record<string, unknown> = {
    'annsmith/overview': workspace(),
    'annsmith/runs': runs,
    'annsmith/change': change,
    'annsmith/curves': { runs: [], series: [] },
  };
  const store = {
    workspaces: [workspace()],
    workspaceOf: () => undefined,
    refresh: async () => undefined,
    runsOf: () => runs,
  };
  const engine = { state: 'running', request: async (method: string) => answers[method] };
  const log = { warn: () => undefined, debug: () => undefined };
  return { engine, store, runs: { active: undefined }, log } as unknown as ChatContext;
}

/** What the user is shown, and every message that the model was sent. */
async function ask(
  prompt: string,
  runs: readonly RunView[],
  command?: string,
): Promise<{ readonly shown: string; readonly sent: string }> {
  let [shown, sent] = ['', ''];
  const stream = {
    markdown: (text: unknown) => {
      shown += String(text);
    },
    button: () => undefined,
    progress: () => undefined,
  };
  const model = {
    name: 'Some',
    sendRequest: async (messages: unknown, options: unknown) => {
      sent += JSON.stringify([messages, options]);
      const words = async function* (): AsyncGenerator<string> {
        yield 'It is so.';
      };
      return { text: words(), stream: words() };
    },
  };
  const token = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => {} }) };
  await answerChat(contextOf(runs), { prompt, command, model }, stream, token);
  return { shown, sent };
}

const withheld = (sent: string): string[] =>
  Object.values(canaries).filter((line) => sent.includes(JSON.stringify(line).slice(1, -1)));

describe('the model of the chat', () => {
  it('is asked about a rejected candidate without the words of the check, which the user is shown', async () => {
    const { detail, summary } = canaries;
    const verdict = { kind: 'rejected', reason: 'does-not-apply', check: 'applies', detail } as const;
    const rejected = candidate('g1c1', { verdict, summary, hasPatch: false });
    const { shown, sent } = await ask('why?', [run({ groups: [group([rejected])] })]);
    expect(shown).toContain(detail);
    expect(shown).toContain(summary);
    expect(shown).toContain('It is so.');
    expect(sent).toContain('Check `applies`: does not apply.');
    expect(sent).toContain('Question: why?');
    expect(withheld(sent)).toEqual([]);
  });

  it('is asked about a change without its code and without what another model wrote', async () => {
    const won = candidate('g1c1', { verdict: { kind: 'accepted' }, summary: canaries.summary, won: true });
    const { shown, sent } = await ask('', [run({ groups: [group([won])] })], 'explain');
    for (const part of ['analysis', 'design', 'cause', 'base', 'text'] as const)
      expect(shown).toContain(canaries[part]);
    expect(sent).toContain('- `search.h:3`: not measured alone');
    expect(withheld(sent)).toEqual([]);
  });

  it('is asked about a candidate that failed, and about where things stand, without the errors', async () => {
    const { error } = canaries;
    const failed = candidate('g1c1', { verdict: { kind: 'failed', error }, hasPatch: false });
    const runs = [run({ status: 'failed', error, groups: [group([failed])] })];
    for (const command of ['explain', 'status']) {
      const { shown, sent } = await ask('what now?', runs, command);
      expect(shown).toContain(error);
      expect(sent).toContain('failed');
      expect(withheld(sent)).toEqual([]);
    }
  });
});
