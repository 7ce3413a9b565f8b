import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';

const id = 'annsmith.annsmith';

suite('host', () => {
  test('the extension is here, in the folder that was opened', () => {
    const extension = vscode.extensions.getExtension(id);
    assert.ok(extension);
    assert.deepEqual(extension.packageJSON.extensionKind, ['workspace']);
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    assert.ok(existsSync(vscode.Uri.joinPath(folder.uri, 'annsmith.json').fsPath));
  });

  test('VS Code puts its words for every key of the manifest', () => {
    const extension = vscode.extensions.getExtension(id)!;
    const left = JSON.stringify(extension.packageJSON).match(/"%[\w.]+%"/g) ?? [];
    assert.deepEqual(left, []);
  });

  test('every command of the manifest is registered once the extension is active', async () => {
    const extension = vscode.extensions.getExtension(id)!;
    await extension.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const contributed: { command: string }[] = extension.packageJSON.contributes.commands;
    assert.ok(contributed.length > 20);
    assert.deepEqual(
      contributed.map(({ command }) => command).filter((command) => !registered.has(command)),
      [],
    );
  });
});
