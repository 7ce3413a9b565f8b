import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ModuleName } from '../protocol/module.ts';
import type { FileTexts } from '../protocol/policy.ts';
import type { Workspace } from './module/workspace.ts';

/** Where a run keeps the texts that its patches start from. */
function referenceFolder(runFolder: string): string {
  return join(runFolder, 'reference');
}

/**
 * Keeps the files that the modules' patches may change as they were when the run started: what a candidate changed can
 * then be shown whatever became of the workspace. All of them or none; what an earlier part of the run kept stays.
 */
export async function storeReference(
  runFolder: string,
  { files, regions }: Pick<Workspace, 'files' | 'regions'>,
  modules: readonly ModuleName[],
): Promise<void> {
  const folder = referenceFolder(runFolder);
  if ((await readReference(runFolder)) !== undefined) return;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const paths = new Set(modules.flatMap((module) => regions[module].map(({ file }) => file)));
  for (const path of paths) {
    const target = join(partial, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, files.get(path) ?? '');
  }
  await rename(partial, folder);
}

/** The texts that a run started from, by path; undefined where it kept none (it is older than that). */
export async function readReference(runFolder: string): Promise<FileTexts | undefined> {
  const folder = referenceFolder(runFolder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (entries === undefined) return undefined;
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    files.map(async (path): Promise<[string, string]> => {
      const name = relative(folder, path).split(sep).join('/');
      return [name, await readFile(path, 'utf8')];
    }),
  );
  return new Map(texts);
}
