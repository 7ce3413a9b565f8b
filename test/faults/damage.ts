import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from './home.ts';
import type { DamagedFile } from './schedule.ts';

const places: Readonly<Record<DamagedFile, { readonly folder: string; readonly name: RegExp }>> = {
  graph: { folder: 'graphs', name: /\.graph$/ },
  'graph-record': { folder: 'graphs', name: /\.json$/ },
  head: { folder: 'heads', name: /(base|queries)\.fbin$/ },
  'head-truth': { folder: 'heads', name: /truth\.bin$/ },
  'head-record': { folder: 'heads', name: /head\.json$/ },
  truth: { folder: 'datasets', name: /truth\.bin$/ },
};

/** A file of this kind in the cache; `share`, 0..1, says which where there are several. */
export async function damagedPath({ cache }: Home, file: DamagedFile, share: number): Promise<string> {
  const { folder, name } = places[file];
  const found = await readdir(join(cache, folder), { recursive: true });
  const paths = found.filter((path) => name.test(path)).toSorted();
  const path = paths[Math.floor(share * paths.length)];
  if (path === undefined) throw new Error(`the cache has no ${file}`);
  return join(cache, folder, path);
}
