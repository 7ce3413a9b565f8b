/** Writes l10n/bundle.l10n.json: the strings of the extension that translations are of. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportStrings } from './l10n/exportStrings.ts';

const root = join(import.meta.dirname, '..');
const bundle = join(root, 'l10n', 'bundle.l10n.json');
const strings = await exportStrings(root);
await writeFile(bundle, `${JSON.stringify(strings, undefined, 2)}\n`);

const keys = Object.keys(strings);
process.stdout.write(`${keys.length} strings in l10n/bundle.l10n.json\n`);
for (const file of await readdir(join(root, 'l10n'))) {
  const language = /^bundle\.l10n\.([\w-]+)\.json$/.exec(file)?.[1];
  if (language === undefined) continue;
  const translated = JSON.parse(await readFile(join(root, 'l10n', file), 'utf8')) as Record<string, string>;
  for (const key of keys.filter((k) => !(k in translated)))
    process.stdout.write(`${language}: missing ${JSON.stringify(key)}\n`);
  for (const key of Object.keys(translated).filter((k) => !(k in strings)))
    process.stdout.write(`${language}: not used ${JSON.stringify(key)}\n`);
}
