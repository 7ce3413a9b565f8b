import { chmod, chown, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileTexts } from '../protocol/policy.ts';
import { UserError } from './errors.ts';
import type { Workspace } from './module/workspace.ts';
import { moveFile, writeWhole } from './wholeFile.ts';

/**
 * Writes texts over the saved files of a workspace, each whole or not at all, and none where one of them is no longer
 * what the run started from. What a run that was cut off here had written already stays. `folder`: for what is not
 * in place yet.
 */
export async function applyToWorkspace(
  { root, files: before }: Pick<Workspace, 'root' | 'files'>,
  files: FileTexts,
  folder: string,
): Promise<void> {
  const waiting: [string, string][] = [];
  for (const [path, text] of files) {
    const saved = await readFile(join(root, path), 'utf8');
    if (saved === text) continue;
    if (saved !== before.get(path)) {
      throw new UserError(
        'changed-meanwhile',
        `${path} was changed while the run was going; nothing was applied`,
        'Apply the patch by hand: it lies in .annsmith/runs.',
      );
    }
    waiting.push([path, text]);
  }
  for (const [path, text] of waiting) {
    const place = await realpath(join(root, path));
    const { mode, uid, gid } = await stat(place);
    const made = join(folder, 'applying');
    await writeWhole(made, text);
    await chmod(made, mode);
    // Only root may give a file away, and only root needs to.
    await chown(made, uid, gid).catch(() => undefined);
    await moveFile(made, place);
  }
}
