import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { answerChat, type ChatContext } from '../../../src/host/agents/chat.ts';
import { agentTools } from '../../../src/host/agents/ids.ts';
import { toolWork } from '../../../src/host/agents/tools.ts';
import { extension, root } from './window.ts';

const searchFile = 'include/hnsw/search.h';
const token = new vscode.CancellationTokenSource().token;

async function invoke(name: string, input: object): Promise<string> {
  const result = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }, token);
  return result.content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
    .join('\n');
}

type Model = NonNullable<Parameters<typeof answerChat>[1]['model']>;

interface Answer {
  readonly text: string;
  readonly buttons: readonly vscode.Command[];
}

/** What `@annsmith` answers, with the window's own parts. */
async function chat(prompt: string, command?: string, model?: Model): Promise<Answer> {
  const { engine, store, runs } = await extension().activate();
  const context = {
    engine,
    store,
    runs,
    log: vscode.window.createOutputChannel('Annsmith test', { log: true }),
  } satisfies ChatContext;
  let text = '';
  const buttons: vscode.Command[] = [];
  const stream = {
    markdown: (value: string | vscode.MarkdownString) => {
      text += typeof value === 'string' ? value : value.value;
    },
    button: (button: vscode.Command) => void buttons.push(button),
    progress: () => undefined,
  };
  await answerChat(context, { prompt, command, ...(model === undefined ? {} : { model }) }, stream, token);
  return { text, buttons };
}

async function* words(...all: string[]): AsyncGenerator<string> {
  yield* all;
}

suite('agents', () => {
  const saved = (): string => readFileSync(join(root(), searchFile), 'utf8');
  let before: string;
  suiteSetup(() => {
    before = saved();
  });

  test('are offered the tools', async () => {
    await extension().activate();
    const names = vscode.lm.tools.map(({ name }) => name);
    for (const name of Object.values(agentTools)) assert.ok(names.includes(name), names.join(', '));
  });

  test('read the modules with their code', async () => {
    const text = await invoke(agentTools.listModules, {});
    assert.match(text, /## Module search/);
    assert.match(text, /class SearchLayer \{/);
  });

  test('are told what to do instead where they ask for what is not there', async () => {
    await assert.rejects(invoke(agentTools.listModules, { folder: 'elsewhere' }), /no folder elsewhere/);
    await assert.rejects(invoke(agentTools.showResults, { run: 'none' }), /no run none/);
  });

  test('a user without runs is told so', async () => {
    const { text, buttons } = await chat('', 'explain');
    assert.match(text, /no run to explain yet/);
    assert.equal(buttons[0]?.command, 'annsmith.optimizeModule');
  });

  test('have a patch judged that cannot be used, and the ledger explains it', async () => {
    const { engine, store } = await extension().activate();
    const context = { engine, store, log: vscode.window.createOutputChannel('tools', { log: true }) };
    const patch = `FILE: ${searchFile}\n<<<<<<< SEARCH\nno such line\n=======\nanother\n>>>>>>> REPLACE\n`;
    const dataset = 'synthetic-clusters:n=2k,d=16,seed=1';
    const told = await toolWork.proposePatch(context, { module: 'search', patch, dataset }, token);
    assert.match(told, /^Verdict: rejected \(does-not-apply\)/);
    assert.match(told, /Nothing was applied/);
    const { text, buttons } = await chat('why?');
    assert.match(text, /Candidate `g1c1`: rejected/);
    assert.match(text, /Check `applies`: does not apply\./);
    // There is no patch to review.
    assert.deepEqual(
      buttons.map(({ command }) => command),
      ['annsmith.showCurves'],
    );
    assert.match((await chat('', 'status')).text, /Newest runs:/);
  });

  test('a chat model answers from the facts; one that fails leaves them standing', async () => {
    let asked = '';
    const good: Model = {
      name: 'Good',
      sendRequest: async ([message]) => {
        asked = JSON.stringify(message!.content);
        return { text: words('It did ', 'not apply.'), stream: words() };
      },
    };
    const answered = await chat('why was it rejected?', undefined, good);
    assert.match(answered.text, /In the words of Good[\s\S]*It did not apply\.$/);
    assert.match(asked, /does not apply/);
    assert.match(asked, /Question: why was it rejected\?/);
    const bad: Model = {
      name: 'Bad',
      sendRequest: () => Promise.reject(vscode.LanguageModelError.Blocked('quota')),
    };
    const left = await chat('', 'explain', bad);
    assert.match(left.text, /Candidate `g1c1`: rejected[\s\S]*Bad did not answer \(Quota\.\)/);
  });

  test('have changed nothing', () => {
    assert.equal(saved(), before);
  });
});
