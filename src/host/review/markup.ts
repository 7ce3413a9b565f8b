import { bare, lineEdits } from './lines.ts';
import { changedWords } from './words.ts';

/** Lines shown in an editor's thread; the diff editor shows the rest. */
const mostLines = 200;

/** A line of a hunk as it is shown: `added`, or unchanged between two changes. */
export interface ShownLine {
  readonly text: string;
  readonly added: boolean;
}

interface Sides {
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** Indices of the removed lines that are really gone: a hunk may hold some unchanged ones between two edits. */
export function goneLines({ removed, added }: Sides): number[] {
  return (lineEdits(removed, added) ?? []).flatMap(({ start, end }) =>
    Array.from({ length: end - start }, (_, i) => start + i),
  );
}

export function newLines({ removed, added }: Sides): ShownLine[] {
  const fresh = new Set(
    (lineEdits(removed, added) ?? []).flatMap(({ from, to }) =>
      Array.from({ length: to - from }, (_, i) => from + i),
    ),
  );
  return added.map((line, i) => ({ text: bare(line), added: fresh.has(i) }));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The words that differ, by line of the removed and of the added ones; columns in the line. */
export function wordsByLine(hunk: Sides): Record<'removed' | 'added', Map<number, Span[]>> {
  const gone = goneLines(hunk);
  const fresh = newLines(hunk).flatMap(({ added }, i) => (added ? [i] : []));
  const text = (lines: readonly string[], which: readonly number[]): string =>
    which.map((i) => lines[i]!).join('');
  const words = changedWords(text(hunk.removed, gone), text(hunk.added, fresh));
  return {
    removed: byLine(hunk.removed, gone, words.removed),
    added: byLine(hunk.added, fresh, words.added),
  };
}

/** Spans of some lines joined, as columns of those lines; none goes over the end of a line. */
function byLine(
  lines: readonly string[],
  which: readonly number[],
  spans: readonly Span[],
): Map<number, Span[]> {
  const found = new Map<number, Span[]>();
  let offset = 0;
  for (const i of which) {
    const end = offset + lines[i]!.length;
    const own = spans.filter((span) => span.start >= offset && span.end <= end);
    const at = offset;
    found.set(
      i,
      own.map((span) => ({ start: span.start - at, end: span.end - at })),
    );
    offset = end;
  }
  return found;
}

/** How many lines a hunk adds and removes. */
export function sizeOf(hunk: Sides): { readonly added: number; readonly removed: number } {
  return { added: newLines(hunk).filter(({ added }) => added).length, removed: goneLines(hunk).length };
}

const tab = '    ';
const lineColour = 'background-color:var(--vscode-diffEditor-insertedLineBackground);';
const wordColour = 'background-color:var(--vscode-diffEditor-insertedTextBackground);';

export interface HunkText extends Sides {
  /** One line each; shown above the code. */
  readonly causes: readonly string[];
  /** Shown instead of code where nothing is added, and after code that is too long. */
  readonly onlyRemoves: string;
  readonly more: (count: number) => string;
}

/**
 * A hunk's added lines as Markdown with HTML, in the colours of the diff editor. Everything of the workspace's is escaped.
 * The lines are padded, so that their background makes one block.
 */
export function hunkMarkup(hunk: HunkText): string {
  const causes = hunk.causes.map((cause) => `<p>${escaped(cause)}</p>\n\n`).join('');
  if (hunk.added.length === 0) return `${causes}<p>${escaped(hunk.onlyRemoves)}</p>`;
  const lines = newLines(hunk);
  const shown = lines.slice(0, mostLines);
  const width = Math.max(...shown.map(({ text }) => expanded(text).length)) + 1;
  const words = wordsByLine(hunk).added;
  const rows = shown.map(({ text, added }, i) => {
    const marked = added ? withWords(text, words.get(i) ?? []) : escaped(expanded(text));
    const padded = marked + ' '.repeat(width - expanded(text).length);
    return added ? `<span style="${lineColour}">+ ${padded}</span>` : `  ${padded}`;
  });
  const rest = lines.length - shown.length;
  const more = rest === 0 ? '' : `\n\n<p>${escaped(hunk.more(rest))}</p>`;
  return `${causes}<pre><code>${rows.join('\n')}\n</code></pre>${more}`;
}

function withWords(line: string, words: readonly Span[]): string {
  let made = '';
  let at = 0;
  for (const { start, end } of words) {
    made += escaped(expanded(line.slice(at, start)));
    made += `<span style="${wordColour}">${escaped(expanded(line.slice(start, end)))}</span>`;
    at = end;
  }
  return made + escaped(expanded(line.slice(at)));
}

function expanded(line: string): string {
  return line.replaceAll('\t', tab);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
