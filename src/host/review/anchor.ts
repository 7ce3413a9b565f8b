import { type Hunk, withHunks } from './hunks.ts';
import { type LineEdit, lineEdits, splitLines } from './lines.ts';

/** Why a hunk has no place in the text as it is. */
export type Refusal =
  /** Lines that it changes, or lines next to them, are not what they were. */
  | 'edited'
  /** Lines were inserted where it would insert its own. */
  | 'inserted'
  /** The text differs from the base in more lines than can be compared. */
  | 'different'
  /** There is no such file. */
  | 'missing';

/** Where a hunk stands in a text; offsets in UTF-16 units, as editors count. */
export type Standing =
  /** Its removed lines stand at `start..end`, unchanged: it can be accepted. */
  | { readonly kind: 'anchored'; readonly start: number; readonly end: number }
  /** Its added lines stand there already. */
  | { readonly kind: 'applied'; readonly start: number; readonly end: number }
  /** It cannot be accepted; `start..end` is what became of its place. */
  | { readonly kind: 'refused'; readonly start: number; readonly end: number; readonly reason: Refusal };

/** Edit distance in lines beyond which a comparison would hold up the editor. */
const mostEdits = 1000;
/** Hunks that one edit covers, beyond which their states are not tried out. */
const mostTried = 6;

/**
 * Finds the hunks in a text that may differ from their base, by a three-way merge: a hunk has a place where the text's own
 * changes neither overlap nor touch it, or where they are the hunk itself. `accepted` says which hunks are expected to
 * be in the text already; the others are expected not to be.
 */
export function place(
  base: readonly string[],
  hunks: readonly Hunk[],
  text: string,
  accepted: (hunk: Hunk) => boolean,
): Standing[] {
  const expected = withHunks(base, hunks, accepted);
  const lines = splitLines(text);
  const edits = lineEdits(expected.lines, lines, mostEdits);
  if (edits === undefined) {
    return hunks.map(() => ({ kind: 'refused', start: 0, end: text.length, reason: 'different' }));
  }
  const offsets = lineOffsets(lines);
  const standings: Standing[] = [];
  for (const group of groups(expected.ranges, edits)) {
    const members = group.hunks.map((i) => hunks[i]!);
    const states =
      group.edits.length === 0
        ? members.map(accepted)
        : statesIn(expected.lines.slice(group.start, group.end), lines.slice(group.from, group.to), {
            hunks: members,
            ranges: group.hunks.map((i) => ({
              start: expected.ranges[i]!.start - group.start,
              end: expected.ranges[i]!.end - group.start,
            })),
          });
    let line = group.from;
    let at = group.start;
    for (const [k, i] of group.hunks.entries()) {
      const hunk = hunks[i]!;
      const range = expected.ranges[i]!;
      const state = states?.[k];
      if (state === undefined) {
        const reason = hunk.removed.length === 0 ? 'inserted' : 'edited';
        standings.push({ kind: 'refused', start: offsets[group.from]!, end: offsets[group.to]!, reason });
        continue;
      }
      const first = line + range.start - at;
      const last = first + (state ? hunk.added : hunk.removed).length;
      const kind = state ? 'applied' : 'anchored';
      standings.push({ kind, start: offsets[first]!, end: offsets[last]! });
      line = last;
      at = range.end;
    }
  }
  return standings;
}

/** Offset of every line's start, and the text's length. */
function lineOffsets(lines: readonly string[]): number[] {
  const offsets = [0];
  for (const line of lines) offsets.push(offsets.at(-1)! + line.length);
  return offsets;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Hunks and edits that touch one another: `start..end` of the expected text became `from..to` of the actual one. */
interface Group extends LineEdit {
  readonly hunks: readonly number[];
  readonly edits: readonly LineEdit[];
}

/** In order; groups without a hunk are left out. */
function groups(ranges: readonly Range[], edits: readonly LineEdit[]): Group[] {
  const found: Group[] = [];
  /** Lines that the edits before have added, less those that they have removed. */
  let shift = 0;
  let [h, e] = [0, 0];
  while (h < ranges.length) {
    const hunks: number[] = [];
    const own: LineEdit[] = [];
    const [hunk, edit] = [ranges[h]!, edits[e]];
    const start = Math.min(hunk.start, edit?.start ?? hunk.start);
    let end = start;
    const before = shift;
    for (;;) {
      if (h < ranges.length && ranges[h]!.start <= end) {
        end = Math.max(end, ranges[h]!.end);
        hunks.push(h++);
      } else if (e < edits.length && edits[e]!.start <= end) {
        const next = edits[e++]!;
        end = Math.max(end, next.end);
        shift += next.to - next.from - (next.end - next.start);
        own.push(next);
      } else {
        break;
      }
    }
    if (hunks.length > 0) {
      found.push({ hunks, edits: own, start, end, from: start + before, to: end + shift });
    }
  }
  return found;
}

/**
 * Which hunks of a changed stretch are in it (true: its added lines), where the stretch is nothing but hunks in or out;
 * undefined where it holds changes of its own.
 */
function statesIn(
  expected: readonly string[],
  actual: readonly string[],
  { hunks, ranges }: { readonly hunks: readonly Hunk[]; readonly ranges: readonly Range[] },
): boolean[] | undefined {
  if (hunks.length > mostTried) return undefined;
  const wanted = actual.join('');
  for (let states = 0; states < 2 ** hunks.length; ++states) {
    const taken = (k: number): boolean => (states & (1 << k)) !== 0;
    let made = '';
    let at = 0;
    for (const [k, hunk] of hunks.entries()) {
      made += expected.slice(at, ranges[k]!.start).join('') + (taken(k) ? hunk.added : hunk.removed).join('');
      at = ranges[k]!.end;
    }
    if (made + expected.slice(at).join('') === wanted) return hunks.map((_, k) => taken(k));
  }
  return undefined;
}
