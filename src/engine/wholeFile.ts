import { copyFile, open, rename, rm } from 'node:fs/promises';

/** Writes a file so that it is there whole, on disk, or as it was before. Needs to be the only writer of `path`. */
export async function writeWhole(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const partial = `${path}.partial`;
  await orNothing(partial, async () => {
    const file = await open(partial, 'w', mode);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  });
}

/** Renames, across file systems too; the target appears whole. Needs to be the only writer of `to`. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const partial = `${to}.partial`;
    await orNothing(partial, async () => {
      await copyFile(from, partial);
      await rename(partial, to);
    });
    await rm(from, { force: true });
  }
}

async function orNothing(partial: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}
