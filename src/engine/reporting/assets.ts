import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';
import type { PageAssets } from './page.ts';

const names = { script: 'report.js', style: 'report.css' } as const;

/** Script and style of the page: beside the running bundle, else in dist/ of a checkout. */
export async function readAssets(): Promise<PageAssets> {
  const here = dirname(fileURLToPath(import.meta.url));
  const folders = [here, join(here, '..', '..', '..', 'dist')];
  for (const folder of folders) {
    const [script, style] = await Promise.all([
      read(join(folder, names.script)),
      read(join(folder, names.style)),
    ]);
    // An inline script ends at its own closing tag, wherever that stands.
    if (script !== undefined && style !== undefined) {
      return { script: script.replace(/<\/script/gi, '<\\/script'), style };
    }
  }
  throw new UserError(
    'report-assets',
    `${names.script} and ${names.style} were not found in ${folders.join(' nor in ')}`,
    'Build them once: `npm run build`.',
  );
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
