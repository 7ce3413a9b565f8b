import { diffArrays } from 'diff';

/** Lines with their ends, so that joining them gives the text again. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The text with one kind of line end, as an editor's document has it. */
export function withLineEnds(text: string, eol: '\n' | '\r\n'): string {
  return text.replace(/\r\n|\r|\n/g, eol);
}

/** A line without its end. */
export function bare(line: string): string {
  return line.replace(/\r?\n$/, '');
}

/** Lines `start..end` of one text stand where lines `from..to` stand in another (0-based, ends exclusive). */
export interface LineEdit {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/**
 * What turns `a` into `b`, in order, with unchanged lines between any two edits. Where a block could be said to be
 * inserted or removed at several places, the last one is taken: two comparisons of like texts then agree on the place.
 * Undefined where the texts differ by more than `limit` lines.
 */
export function lineEdits(
  a: readonly string[],
  b: readonly string[],
  limit = Infinity,
): LineEdit[] | undefined {
  const head = commonHead(a, b);
  const tail = commonTail(a, b, head);
  const changes = diffArrays(a.slice(head, a.length - tail), b.slice(head, b.length - tail), {
    maxEditLength: limit,
  });
  if (changes === undefined) return undefined;
  const edits: LineEdit[] = [];
  let [at, to] = [head, head];
  for (const { added, removed, count } of changes) {
    if (!added && !removed) {
      at += count;
      to += count;
      continue;
    }
    const edit = { start: at, end: removed ? at + count : at, from: to, to: added ? to + count : to };
    at = edit.end;
    to = edit.to;
    appendOrJoin(edits, edit);
  }
  return settled(edits, a, b);
}

function commonHead(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a[n] === b[n]) ++n;
  return n;
}

function commonTail(a: readonly string[], b: readonly string[], head: number): number {
  const most = Math.min(a.length, b.length) - head;
  let n = 0;
  while (n < most && a[a.length - 1 - n] === b[b.length - 1 - n]) ++n;
  return n;
}

function appendOrJoin(edits: LineEdit[], edit: LineEdit): void {
  const last = edits.at(-1);
  if (last?.end === edit.start) {
    edits[edits.length - 1] = { ...last, end: edit.end, to: edit.to };
  } else {
    edits.push(edit);
  }
}

/** Moves insertions and removals down as far as the text allows. */
function settled(edits: readonly LineEdit[], a: readonly string[], b: readonly string[]): LineEdit[] {
  const moved: LineEdit[] = [];
  let limit = a.length;
  for (const edit of edits.toReversed()) {
    const inserts = edit.start === edit.end;
    let by = 0;
    while (
      (inserts || edit.from === edit.to) &&
      edit.end + by < limit &&
      (inserts ? b[edit.from + by] : a[edit.start + by]) === a[edit.end + by]
    ) {
      ++by;
    }
    const { start, end, from, to } = edit;
    moved.unshift({ start: start + by, end: end + by, from: from + by, to: to + by });
    limit = start + by;
  }
  const joined: LineEdit[] = [];
  for (const edit of moved) appendOrJoin(joined, edit);
  return joined;
}
