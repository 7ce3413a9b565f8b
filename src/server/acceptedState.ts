import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCandidate } from '../engine/candidate/workspaceCopy.ts';
import { UserError } from '../engine/errors.ts';
import { ensureStateFolder } from '../engine/ledger/ledgerWriter.ts';
import type { CppSyntaxTrees } from '../engine/module/cppSyntax.ts';
import { manifestFileName } from '../engine/module/manifestFile.ts';
import { loadWorkspace, type Workspace } from '../engine/module/workspace.ts';

/**
 * What background benchmarks compare with: a copy of the workspace's files under `.annsmith/accepted/`. It is made when
 * the setting is first found on, and moves to the measured state once a background benchmark has been reported: what
 * was shown and kept is what the next save is compared with.
 */
function acceptedFolder(root: string): string {
  return join(root, '.annsmith', 'accepted');
}

/** The last accepted state; undefined where there is none that can be used. */
export async function readAccepted(root: string, syntax: CppSyntaxTrees): Promise<Workspace | undefined> {
  try {
    return await loadWorkspace(acceptedFolder(root), { syntax });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UserError || code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function keepAccepted(workspace: Workspace): Promise<void> {
  await ensureStateFolder(workspace.root);
  const folder = acceptedFolder(workspace.root);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await writeCandidate(partial, workspace, new Map());
  await writeFile(join(partial, manifestFileName), `${JSON.stringify(workspace.manifest, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}
