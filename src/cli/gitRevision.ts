import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { extract } from 'tar';
import { UserError } from '../engine/errors.ts';
import type { ProcessRunner } from '../engine/ports.ts';

/**
 * Calls `work` with the folder that `name` stands for: a folder as it is, else a git revision of the workspace, unpacked
 * into a temporary folder that is removed afterwards.
 */
export async function withWorkspaceState<T>(
  workspace: string,
  name: string,
  processes: ProcessRunner,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  if (existsSync(join(resolve(name), 'annsmith.json'))) return work(resolve(name));
  const folder = await mkdtemp(join(os.tmpdir(), 'annsmith-rev-'));
  try {
    const archive = join(folder, 'archive.tar');
    const result = await processes.run('git', [
      '-C',
      workspace,
      'archive',
      '--format=tar',
      '-o',
      archive,
      name,
      '--',
      '.',
    ]);
    if (result.code !== 0) {
      throw new UserError(
        'no-such-state',
        `--compare ${name}: neither a workspace folder nor a git revision of ${workspace} (${result.stderr.trim()})`,
        'Name a folder that holds an annsmith.json, or a commit, branch or tag that has this workspace.',
      );
    }
    await extract({ file: archive, cwd: folder });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
