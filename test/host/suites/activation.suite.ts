import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../../src/host/ids.ts';
import { extension, root, until } from './window.ts';

suite('activation', () => {
  test('happens by itself in a folder with a manifest, and starts the engine server', async () => {
    const found = extension();
    await until('active', vscode.extensions.onDidChange, () => found.isActive, 10_000);
    const { engine } = found.exports;
    await until('running', engine.onState, () => engine.state === 'running');
    assert.ok(engine.pid);
  });

  test('every command of the ids is registered', async () => {
    await extension().activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      Object.values(commands).filter((id) => !registered.has(id)),
      [],
    );
  });

  test('a folder with a manifest is described', async () => {
    const { store } = await extension().activate();
    await until('a workspace', store.onChange, () => store.workspaces.length > 0);
    const [workspace] = store.workspaces;
    assert.equal(workspace?.root, root());
    assert.equal(workspace.state, 'ready', JSON.stringify(workspace.problems));
    assert.deepEqual(
      workspace.modules.map(({ module }) => module),
      ['construction', 'search', 'refinement'],
    );
    const inside = vscode.Uri.file(`${root()}/include/hnsw/search.h`);
    assert.equal(store.workspaceOf(inside), workspace);
    assert.equal(store.workspaceOf(vscode.Uri.file('/elsewhere/search.h')), undefined);
    assert.equal(store.workspaceOf(inside.with({ scheme: 'git' })), undefined);
  });

  test('a manifest that is gone can be written again, and is shown', async () => {
    const { store } = await extension().activate();
    const manifest = vscode.Uri.file(`${root()}/annsmith.json`);
    await vscode.workspace.fs.delete(manifest);
    await until('a recognised folder', store.onChange, () => store.workspaces[0]?.state === 'recognised');
    await vscode.commands.executeCommand(commands.initWorkspace, { root: root(), ask: false });
    assert.equal(store.workspaces[0]?.state, 'ready', JSON.stringify(store.workspaces[0]?.problems));
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, manifest.fsPath);
  });
});
