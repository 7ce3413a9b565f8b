import { createHash } from 'node:crypto';
import { bare, lineEdits, splitLines } from './lines.ts';

/** Edits with fewer unchanged lines between them are one hunk: nobody wants to decide on them apart. */
const leastGap = 2;

/** A part of a candidate that is accepted or rejected as a whole. Lines keep their ends. */
export interface Hunk {
  /** Tells the hunks of a file apart: `id`, with a number where another hunk of the file has the same lines. */
  readonly key: string;
  /** SHA-256 (hex) of the removed and the added lines, without their ends: the same on every system. */
  readonly id: string;
  /** First removed line in the base, 0-based; where the lines are inserted if none is removed. */
  readonly start: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** The hunks that turn `base` into `text`, in order. */
export function hunksBetween(base: string, text: string): Hunk[] {
  const [before, after] = [splitLines(base), splitLines(text)];
  const edits = lineEdits(before, after) ?? [];
  const joined: { start: number; end: number; from: number; to: number }[] = [];
  for (const edit of edits) {
    const last = joined.at(-1);
    if (last !== undefined && edit.start - last.end < leastGap) {
      last.end = edit.end;
      last.to = edit.to;
    } else {
      joined.push({ ...edit });
    }
  }
  const seen = new Map<string, number>();
  return joined.map(({ start, end, from, to }) => {
    const [removed, added] = [before.slice(start, end), after.slice(from, to)];
    const id = hunkId(removed, added);
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return { key: count === 1 ? id : `${id}#${count}`, id, start, removed, added };
  });
}

function hunkId(removed: readonly string[], added: readonly string[]): string {
  const lines = [...removed.map((line) => `-${bare(line)}`), ...added.map((line) => `+${bare(line)}`)];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** The base with some of its hunks, and the line range that each hunk has there. */
export function withHunks(
  base: readonly string[],
  hunks: readonly Hunk[],
  taken: (hunk: Hunk) => boolean,
): { readonly lines: string[]; readonly ranges: { readonly start: number; readonly end: number }[] } {
  const lines: string[] = [];
  let at = 0;
  const ranges = hunks.map((hunk) => {
    for (; at < hunk.start; ++at) lines.push(base[at]!);
    at += hunk.removed.length;
    const start = lines.length;
    for (const line of taken(hunk) ? hunk.added : hunk.removed) lines.push(line);
    return { start, end: lines.length };
  });
  for (; at < base.length; ++at) lines.push(base[at]!);
  return { lines, ranges };
}
