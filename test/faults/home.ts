/** Folders of one seed: a workspace, a cache with its dataset, and a temporary folder, all below one `root`. */
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exampleRoot } from '../engine/fixture.ts';
import { writeVectors } from '../vectorFile.ts';

export interface Home {
  readonly root: string;
  readonly workspace: string;
  readonly cache: string;
  readonly temporary: string;
  readonly ledger: string;
  /** What was compiled already, in all homes beside this one. */
  readonly compiled: string;
}

export function homeAt(root: string): Home {
  const workspace = join(root, 'workspace');
  return {
    root,
    workspace,
    cache: join(root, 'cache'),
    temporary: join(root, 'tmp'),
    ledger: join(workspace, '.annsmith', 'ledger.jsonl'),
    compiled: join(dirname(root), 'compiled'),
  };
}

const searchFile = 'include/hnsw/search.h';
/** What most programs of the playbook take out, so that there is a winner to confirm and to minimise. */
const handicapped = 'frontier_.push_back(node);';
const handicap = 'for (volatile int waste = 0; waste < 400; waste = waste + 1) {}\n    ';

/** A workspace that compiles fast and has something to gain, and the vectors of a small dataset. */
export async function createHome(root: string): Promise<Home> {
  const home = homeAt(root);
  await mkdir(home.temporary, { recursive: true });
  await mkdir(home.compiled, { recursive: true });
  await cp(exampleRoot, home.workspace, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  const manifestPath = join(home.workspace, 'annsmith.json');
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'));
  manifest.datasets = ['clusters'];
  manifest.search.recallWindow = [0.8, 0.95];
  // Wide: what a rewrite does to the recall of so few vectors decides nothing here.
  manifest.budgets = { candidateSeconds: 1, buildCpuFactor: 5, recallTolerance: 0.1 };
  manifest.build.flags = ['-O1'];
  // Few rewrites bind to these: programs are short, and soon minimised.
  const { candidatePool, neighbourLoop, neighbourSelection } = manifest.roles;
  manifest.roles = { candidatePool, neighbourLoop, neighbourSelection };
  await writeFile(manifestPath, JSON.stringify(manifest));
  const searchPath = join(home.workspace, searchFile);
  const text = await readFile(searchPath, 'utf8');
  if (text.split(handicapped).length !== 2) {
    throw new Error(`"${handicapped}" does not stand once in ${searchFile}`);
  }
  await writeFile(searchPath, text.replace(handicapped, `${handicap}${handicapped}`));
  await writeVectors(join(root, 'base.fbin'), 1500, dim, 'base');
  await writeVectors(join(root, 'queries.fbin'), 600, dim, 'queries');
  return home;
}

const dim = 24;

/** A home like `from`, with its cache and without its runs. */
export async function copyHome(from: Home, root: string): Promise<Home> {
  const home = homeAt(root);
  await mkdir(home.temporary, { recursive: true });
  await cp(from.workspace, home.workspace, {
    recursive: true,
    filter: (path) => !path.endsWith('.annsmith'),
  });
  await cp(from.cache, home.cache, { recursive: true });
  return home;
}

export async function removeHome({ root }: Home): Promise<void> {
  await rm(root, { recursive: true, force: true });
}

/** SHA-256 of every file of the workspace that is the user's. */
export async function userFiles({ workspace }: Home): Promise<Record<string, string>> {
  const entries = await readdir(workspace, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/.annsmith/'));
  const hashes = files.map(
    async (path) =>
      [
        path,
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      ] as const,
  );
  return Object.fromEntries(await Promise.all(hashes));
}

/** What runs left behind in the temporary folder, and half-made files in the cache. */
export async function leftovers({ temporary, cache }: Home): Promise<string[]> {
  const inCache = await readdir(cache, { recursive: true });
  return [...(await readdir(temporary)), ...inCache.filter((path) => /partial|\.tmp|\.new$/.test(path))];
}

export async function ledgerText({ ledger }: Home): Promise<string> {
  return readFile(ledger, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}
