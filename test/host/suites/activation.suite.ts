import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../../src/host/ids.ts';
import { extension, root, until } from './window.ts';

suite('activation', () => {
  test('returns at once, without waiting for the engine server', async () => {
    const found = extension();
    if (found.isActive) return;
    const started = performance.now();
    const api = await found.activate();
    assert.ok(performance.now() - started < 300, `${performance.now() - started} ms`);
    assert.notEqual(api.engine.state, 'stopped');
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
});
