/** What `vscode.l10n` does, for code that is tested outside the editor. */
export interface Localize {
  t(message: string, ...args: (string | number | boolean)[]): string;
}
