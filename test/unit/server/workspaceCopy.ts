/** Copies of the bundled workspace for tests that change it. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleRoot } from '../../engine/fixture.ts';

export interface WorkspaceCopy {
  readonly root: string;
  remove(): Promise<void>;
}

export async function copyWorkspace(): Promise<WorkspaceCopy> {
  const home = await mkdtemp(join(tmpdir(), 'annsmith-server-'));
  const root = join(home, 'hnsw');
  await cp(exampleRoot, root, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  return { root, remove: () => rm(home, { recursive: true, force: true }) };
}
