import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { pageHtml } from './html.ts';

/** Puts one of the extension's pages into a panel: the script and the style sheet of this name in dist/. */
export function showPage(
  { webview }: vscode.WebviewPanel,
  extensionUri: vscode.Uri,
  { name, title, loading }: { readonly name: string; readonly title: string; readonly loading: string },
): void {
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  const served = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
  webview.options = {
    enableScripts: true,
    enableForms: false,
    localResourceRoots: [dist, vscode.Uri.joinPath(extensionUri, 'media')],
  };
  webview.html = pageHtml({
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString('base64url'),
    script: served(`${name}.js`),
    style: served(`${name}.css`),
    title,
    loading,
    language: vscode.env.language,
  });
}
