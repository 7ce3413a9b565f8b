import assert from 'node:assert/strict';
import * as vscode from 'vscode';

suite('host in Restricted Mode', () => {
  test('the window is not trusted, and the extension is here all the same', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const extension = vscode.extensions.getExtension('annsmith.annsmith');
    assert.ok(extension);
    await extension.activate();
    assert.ok(extension.isActive);
  });
});
