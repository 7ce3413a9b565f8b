import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Side } from '../../protocol/harness.ts';

/** Where the checks keep a graph that a candidate has built; out of the candidate's own reach. */
export function exportPath(side: Side, name: string): string {
  return join(side.scratch, `${name}.graph`);
}

export async function sameBytes(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([readFile(a), readFile(b)]);
  return first.equals(second);
}

export interface GraphFacts {
  readonly nodes: number;
  /** Neighbours in the longest list, on level 0 and above it. */
  readonly longest: { readonly base: number; readonly upper: number };
}

const headerBytes = 40;

/** Facts of a canonical graph file (native/harness/graph_file.h), which the harness has checked when it wrote it. */
export async function graphFacts(path: string): Promise<GraphFacts> {
  const bytes = await readFile(path);
  const nodes = bytes.readUInt32LE(8);
  const offsetsAt = headerBytes + Math.ceil(nodes / 8) * 8;
  const longest = { base: 0, upper: 0 };
  let list = 0;
  const offset = (index: number): number => Number(bytes.readBigUInt64LE(offsetsAt + index * 8));
  for (let node = 0; node < nodes; node++) {
    for (let level = 0; level <= bytes[headerBytes + node]!; level++, list++) {
      const length = offset(list + 1) - offset(list);
      const where = level === 0 ? 'base' : 'upper';
      longest[where] = Math.max(longest[where], length);
    }
  }
  return { nodes, longest };
}
