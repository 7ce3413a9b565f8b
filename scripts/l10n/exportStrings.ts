import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getL10nJson } from '@vscode/l10n-dev';

/** The strings of `l10n.t('…')` in the host, by text. */
export async function exportStrings(root: string): Promise<Readonly<Record<string, string>>> {
  const texts = await Promise.all((await hostSources(root)).map((file) => readFile(file, 'utf8')));
  // The exporter looks for calls on what is imported from `vscode`, and anew for every import; code that is tested
  // outside the editor gets the same as a parameter or field. In one file with one import all calls look alike.
  const calls = texts
    .map((text) => text.replace(/^import [^;]*? from 'vscode';$/gms, ''))
    .map((text) => text.replace(/(?:[\w$#]+\s*\.\s*)+#?l10n\s*\.t\(/g, 'l10n.t('));
  const contents = ["import { l10n } from 'vscode';", ...calls].join('\n');
  const found = await getL10nJson([{ extension: '.ts', contents }]);
  const entries = Object.entries(found).map(([key, value]): [string, string] => [
    key,
    typeof value === 'string' ? value : value.message,
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Absolute paths of the sources that run in the extension host. */
export async function hostSources(root: string): Promise<string[]> {
  const folder = join(root, 'src', 'host');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  return [join(root, 'src', 'extension.ts'), ...files.map((entry) => join(entry.parentPath, entry.name))];
}
