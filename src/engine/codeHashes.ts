import { createHash } from 'node:crypto';
import { type ModuleName, moduleNames, type Region } from '../protocol/module.ts';
import type { Workspace } from './module/workspace.ts';

/** What of a workspace's code was measured, part by part: where a later state differs, the measurement is stale. */
export interface CodeHashes {
  /** SHA-256 of the texts of each module's regions. */
  readonly moduleHashes: Readonly<Partial<Record<ModuleName, string>>>;
  /** SHA-256 of everything else that is built, and of how it is built. */
  readonly restHash: string;
}

export function codeHashes({ files, manifest, regions }: Workspace): CodeHashes {
  const moduleHashes: Partial<Record<ModuleName, string>> = {};
  for (const module of moduleNames) {
    if (regions[module].length === 0) continue;
    moduleHashes[module] = sha256(regions[module].map(({ file, symbol, hash }) => [file, symbol, hash]));
  }
  const all = moduleNames.flatMap((module) => regions[module]);
  const rest = [...files].map(([path, text]) => [
    path,
    outside(
      text,
      all.filter(({ file }) => file === path),
    ),
  ]);
  return { moduleHashes, restHash: sha256([rest, manifest.build, manifest.index, manifest.search.k]) };
}

/** The text without the regions, which may overlap. */
function outside(text: string, regions: readonly Region[]): string[] {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of [...regions].sort((a, b) => a.start - b.start)) {
    if (start > at) parts.push(text.slice(at, start));
    at = Math.max(at, end);
  }
  return [...parts, text.slice(at)];
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
