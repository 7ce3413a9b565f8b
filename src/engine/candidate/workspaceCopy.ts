import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { FileTexts } from '../../protocol/policy.ts';

/**
 * Writes a full copy of the workspace's sources, with the candidate's texts in place of the saved ones, into `dir`,
 * which is created. Never writes outside `dir`, nor into the workspace.
 * @throws Error when `dir` lies inside the workspace's sources or a path leads out of `dir`.
 */
export async function writeCandidate(
  dir: string,
  workspace: { readonly root: string; readonly files: FileTexts },
  files: FileTexts,
): Promise<void> {
  const target = resolve(dir);
  if (target === resolve(workspace.root)) throw new Error(`refusing to write a candidate over ${target}`);
  for (const [path, text] of new Map([...workspace.files, ...files])) {
    const file = join(target, path);
    const inside = relative(target, file);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`)) {
      throw new Error(`${path} leads out of the candidate's folder`);
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
