import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { commands, views } from '../../../src/host/ids.ts';
import { descendants, extension, root } from './window.ts';

/** Processes that are not the editor's own: its extensions share this host, and its search may come and go. */
const ours = (): string[] =>
  descendants().filter(
    (line) => !line.includes(join(vscode.env.appRoot, 'extensions')) && !/\/(rg|ripgrep)\b/.test(line),
  );

/** What runs now and did not `before`: one of the editor's own may end meanwhile. */
const started = (before: readonly string[]): string[] => ours().filter((line) => !before.includes(line));

suite('restricted mode', () => {
  test('nothing is started', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const before = ours();
    const { engine, store } = await extension().activate();
    await vscode.window.showTextDocument(vscode.Uri.file(`${root()}/include/hnsw/search.h`));
    for (const view of [views.modules, views.candidates, views.datasets, views.policy]) {
      await vscode.commands.executeCommand(`${view}.focus`);
    }
    assert.equal(engine.state, 'stopped');
    assert.equal(engine.pid, undefined);
    assert.deepEqual(store.workspaces, []);
    assert.deepEqual(started(before), []);
  });

  test('programs are told why', async () => {
    const { engine, runs, store } = await extension().activate();
    const untrusted = { name: 'EngineUnavailable', reason: 'untrusted' };
    await assert.rejects(engine.request('annsmith/overview', { root: root() }), untrusted);
    await assert.rejects(engine.restart(), untrusted);
    await assert.rejects(store.refresh(), untrusted);
    await assert.rejects(runs.optimize({ root: root(), modules: ['search'], ask: false }), untrusted);
    await assert.rejects(runs.resume(root(), 'some'), untrusted);
    assert.equal(engine.pid, undefined);
  });

  test('commands start nothing', async () => {
    const before = ours();
    for (const id of [
      commands.doctor,
      commands.benchmark,
      commands.optimizeModule,
      commands.runGrpoRound,
      commands.restartServer,
    ]) {
      await assert.rejects(Promise.resolve(vscode.commands.executeCommand(id)), /trust/i, id);
    }
    assert.deepEqual(started(before), []);
  });
});
