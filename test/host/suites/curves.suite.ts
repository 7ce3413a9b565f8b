import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands, curvesPanelType } from '../../../src/host/ids.ts';
import { extension, root, until } from './window.ts';

/** Tabs of the benchmark view; the editor puts a prefix of its own before the type. */
function panels(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(
      ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(curvesPanelType),
    );
}

const opened = (count: number): Promise<void> =>
  until(`${count} panels`, vscode.window.tabGroups.onDidChangeTabs, () => panels().length === count);

suite('curves', () => {
  suiteSetup(async () => {
    await extension().activate();
  });

  teardown(async () => {
    await vscode.window.tabGroups.close(panels());
  });

  test('open beside the code, once per folder, and leave the focus in the code where they are in sight', async () => {
    const uri = vscode.Uri.joinPath(vscode.Uri.file(root()), 'include', 'hnsw', 'search.h');
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.One });
    await vscode.commands.executeCommand(commands.showCurves, { root: root() });
    await opened(1);
    const [panel] = panels();
    assert.match(panel!.label, /^Curves: /);
    assert.notEqual(panel!.group.viewColumn, vscode.ViewColumn.One);

    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.One });
    await vscode.commands.executeCommand(commands.showCurves, { root: root(), module: 'search' });
    assert.equal(panels().length, 1);
    assert.equal(vscode.window.tabGroups.activeTabGroup.viewColumn, vscode.ViewColumn.One);
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uri.toString());
  });

  test('open anew once they were closed', async () => {
    await vscode.commands.executeCommand(commands.showCurves, { root: root() });
    await opened(1);
    await vscode.window.tabGroups.close(panels());
    await opened(0);
    await vscode.commands.executeCommand(commands.showCurves, { root: root() });
    await opened(1);
  });
});
