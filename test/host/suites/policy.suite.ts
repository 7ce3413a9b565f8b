/** Language models through the editor: a real server process, a real HTTP server as the model, and this window between. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { NodeTree, ViewElement } from '../../../src/host/views/nodeTree.ts';
import { type ModelServer, startModelServer } from '../../modelServer/modelServer.ts';
import { descendants, extension, next, root, until } from './window.ts';

const dataset = 'synthetic-clusters:n=4000,d=24,queries=3000,seed=5';
const key = 'sk-canary-5c1f0e6b';
const model = 'tiny';
const policy = `openai:${model}`;
/** A row of a curve: where the ledger has none, the preview times the reference itself, and the run its own. */
const timing = /^\| \d+ \| [\d.]+ \| \d+ \|$/;

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('annsmith', vscode.workspace.workspaceFolders![0]!.uri);
}

/** Of the machine: only there the setting counts. */
async function setEndpoint(baseUrl: string): Promise<void> {
  await configuration().update('model.baseUrl', baseUrl, vscode.ConfigurationTarget.Global);
}

type Dialogs = Pick<typeof vscode.window, 'showInputBox' | 'showWarningMessage' | 'showErrorMessage'>;

/** What the person at the window answers; a dialog that is not expected stays unanswered. Undoes itself. */
function answering(
  answers: Partial<Record<keyof Dialogs, (...args: unknown[]) => unknown>>,
): vscode.Disposable {
  const dialogs = vscode.window as unknown as Record<string, (...args: unknown[]) => unknown>;
  const before = Object.keys(answers).map((name) => [name, dialogs[name]!] as const);
  for (const [name, answer] of Object.entries(answers)) {
    dialogs[name] = async (...args: unknown[]) => answer(...args);
  }
  return new vscode.Disposable(() => {
    for (const [name, original] of before) dialogs[name] = original;
  });
}

/** The button of a message with this title. */
function button(args: readonly unknown[], title: string): unknown {
  return args.find((arg) => typeof arg === 'object' && arg !== null && 'title' in arg && arg.title === title);
}

/** The logs that this process writes, the extension's own among them. */
function logs(): string[] {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
  return open.filter((path) => path.endsWith('.log')).map((path) => readFileSync(path, 'utf8'));
}

suite('policy', () => {
  let tree: NodeTree;
  let server: ModelServer;

  const rows = (): ViewElement[] => {
    const below = (element?: ViewElement): ViewElement[] =>
      tree.getChildren(element).flatMap((row) => [row, ...below(row)]);
    return below();
  };
  const described = (label: string): string | undefined =>
    rows().find(({ node }) => node.label === label)?.node.description;
  const untilRow = (label: string, wanted: RegExp, ms?: number): Promise<void> =>
    until(`${label}: ${wanted}`, tree.onDidChangeTreeData, () => wanted.test(described(label) ?? ''), ms);
  /** Resolves once a server has been started anew. */
  const restarted = async (work: () => PromiseLike<unknown>): Promise<void> => {
    const { engine } = await extension().activate();
    const starting = next('a restart', engine.onState, (state) => state === 'starting');
    await work();
    await starting;
    await until('the server', engine.onState, () => engine.state === 'running', 60_000);
  };

  suiteSetup(async function () {
    this.timeout(120_000);
    const path = join(root(), 'annsmith.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    manifest.datasets = [dataset];
    manifest.search.recallWindow = [0.8, 0.95];
    manifest.budgets = { candidateSeconds: 5 };
    await writeFile(path, JSON.stringify(manifest, undefined, 2));
    const { engine, store, views } = await extension().activate();
    tree = views.trees.policy;
    await until('the server', engine.onState, () => engine.state === 'running', 60_000);
    await until('the manifest', store.onChange, () => store.workspaces[0]?.datasets[0] === dataset, 60_000);
    server = await startModelServer({ key, model });
    await configuration().update('trace.server', 'verbose', vscode.ConfigurationTarget.Global);
    await restarted(() => setEndpoint(server.baseUrl));
  });

  suiteTeardown(async () => {
    await configuration().update('trace.server', undefined, vscode.ConfigurationTarget.Global);
    await setEndpoint('');
    await server.close();
  });

  test('what is chosen is written to the folder and shown', async () => {
    assert.equal(rows()[0]!.node.label, 'Playbook');
    await vscode.commands.executeCommand('annsmith.choosePolicy', {
      policy: ` ${policy}, playbook`,
      ask: false,
    });
    await untilRow(model, /^OpenAI-compatible$/);
    assert.equal(configuration().get('policy'), `${policy},playbook`);
    assert.equal(described('Endpoint'), `${new URL(server.baseUrl).origin} · this machine`);
    assert.match(described('API key')!, /^not set/);
    assert.ok(described('Playbook') !== undefined);
    assert.equal(described('Used by runs'), 'nothing yet');
  }).timeout(60_000);

  test('a model that refuses is shown with its reason', async () => {
    const said: string[] = [];
    const dialogs = answering({ showErrorMessage: (message) => void said.push(String(message)) });
    await vscode.commands.executeCommand('annsmith.testModel', { policy });
    dialogs.dispose();
    await untilRow('Last test', /^failed: /);
    assert.equal(said.length, 1, said.join('; '));
    assert.match(said[0]!, /key/i);
  }).timeout(60_000);

  test('the key goes from the secret storage to the model, and nowhere else', async () => {
    const asked: vscode.InputBoxOptions[] = [];
    const dialogs = answering({
      showInputBox: (options) => {
        asked.push(options as vscode.InputBoxOptions);
        return key;
      },
    });
    await restarted(() => vscode.commands.executeCommand('annsmith.setModelKey'));
    dialogs.dispose();
    assert.equal(asked[0]?.password, true);
    assert.ok(asked[0]?.title?.includes(new URL(server.baseUrl).origin));
    await untilRow('API key', /^set$/);
    const before = server.requests.length;
    await vscode.commands.executeCommand('annsmith.testModel', { policy });
    await untilRow('Last test', /^answered in \d/);
    assert.equal(server.requests.length, before + 1);
    assert.equal(server.requests.at(-1)!.headers.authorization, `Bearer ${key}`);
    assert.deepEqual(
      descendants().filter((line) => line.includes(key)),
      [],
      'no process has it as an argument',
    );
    const shown = rows().map(({ node }) => JSON.stringify(node));
    assert.deepEqual(
      shown.filter((text) => text.includes(key)),
      [],
      'no row has it',
    );
    assert.ok(!JSON.stringify(configuration()).includes(key), 'no setting has it');
  }).timeout(120_000);

  test('a model of the editor that is not offered is asked for through the editor, which says so', async () => {
    const dialogs = answering({ showErrorMessage: () => undefined });
    const unknown = 'vscode:nobody/none';
    await vscode.commands.executeCommand('annsmith.choosePolicy', { policy: unknown, ask: false });
    await untilRow('nobody/none', /language model of the editor/);
    await vscode.commands.executeCommand('annsmith.testModel', {});
    dialogs.dispose();
    await untilRow('Last test', /does not offer the language model nobody\/none/);
  }).timeout(60_000);

  test('code is sent after one question that names endpoint and files, and that shows the prompt', async () => {
    // Reaches this machine, but is no name of it: where it leads to cannot be told.
    const elsewhere = server.baseUrl.replace('127.0.0.1', '0.0.0.0');
    const { origin } = new URL(elsewhere);
    await restarted(() => setEndpoint(elsewhere));
    const inputs = answering({ showInputBox: () => key });
    await restarted(() => vscode.commands.executeCommand('annsmith.setModelKey'));
    inputs.dispose();
    await vscode.commands.executeCommand('annsmith.choosePolicy', { policy, ask: false });
    await untilRow('Sending code', /^asked before/);

    const questions: { readonly message: string; readonly detail: string | undefined }[] = [];
    let prompt = '';
    const sentBefore = server.requests.length;
    const dialogs = answering({
      showWarningMessage: (message, ...rest) => {
        const { detail } = (rest[0] ?? {}) as vscode.MessageOptions;
        questions.push({ message: String(message), detail });
        assert.equal(server.requests.length, sentBefore, 'nothing is sent before the answer');
        if (questions.length === 1) return button(rest, 'Preview Prompt');
        prompt = vscode.window.activeTextEditor!.document.getText();
        return button(rest, 'Allow');
      },
    });
    const { runs } = await extension().activate();
    const ended = next('the end of the task', vscode.tasks.onDidEndTaskProcess, () => true, 300_000);
    await configuration().update('groupSize', 2);
    await vscode.commands.executeCommand('annsmith.optimizeModule', {
      root: root(),
      module: 'search',
      ask: false,
    });
    await server.arrived(sentBefore + 1);
    dialogs.dispose();
    assert.equal(questions.length, 2);
    assert.equal(questions[0]!.message.endsWith(`to ${origin}?`), true, questions[0]!.message);
    assert.match(questions[0]!.detail!, /openai:tiny/);
    assert.match(questions[0]!.detail!, /include\/hnsw\/search\.h/);
    const sent = server.requests[sentBefore]!.body.messages.map(({ content }) => content);
    assert.ok(sent.join('').includes('include/hnsw/search.h'));
    const lines = sent.flatMap((content) => content.split('\n'));
    assert.deepEqual(
      lines.filter((line) => !timing.test(line) && !prompt.includes(line)),
      [],
      'the preview is what is sent',
    );
    await untilRow('Sending code', /^allowed$/);
    runs.cancel();
    await ended;
  }).timeout(400_000);

  test('it is asked again once that is taken back', async () => {
    await vscode.commands.executeCommand('annsmith.forgetConsent');
    await untilRow('Sending code', /^asked before/);
  }).timeout(60_000);

  test('a key can be removed', async () => {
    await restarted(() =>
      vscode.commands.executeCommand('annsmith.removeModelKey', {
        endpoint: new URL(server.baseUrl.replace('127.0.0.1', '0.0.0.0')).origin,
      }),
    );
    await untilRow('API key', /^not set/);
  }).timeout(120_000);

  test('the log has every message and no key', () => {
    const texts = logs();
    assert.ok(texts.some((text) => text.includes('annsmith/testModel')));
    for (const text of texts) assert.ok(!text.includes(key));
  });
});
