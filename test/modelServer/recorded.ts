import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const folder = join(import.meta.dirname, 'completions');

/** Names of the recorded completions, such as `good-prefetch`. */
export async function recordedNames(): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.md'))
    .map((file) => basename(file, '.md'))
    .sort();
}

/** The texts of `completions/NAME.md`, in the order of the names. */
export function recorded(...names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map((name) => readFile(join(folder, `${name}.md`), 'utf8')));
}
