import { bare, splitLines } from './lines.ts';

/** How often a line of an accepted hunk stands in the hunk, and how often elsewhere in the file. */
export interface AcceptedLine {
  readonly text: string;
  readonly copies: number;
  readonly elsewhere: number;
}

/**
 * The lines of a hunk whose fate says something, as they stand in the file's text right after it was accepted: those with
 * a name or number in them, or all that are not blank where none has. Indentation does not count; a formatter may change it.
 */
export function acceptedLines(added: readonly string[], text: string): AcceptedLine[] {
  const own = counted(added);
  const telling = [...own].filter(([line]) => /\w/.test(line));
  const standing = counted(splitLines(text));
  return (telling.length > 0 ? telling : [...own]).map(([line, copies]) => ({
    text: line,
    copies,
    elsewhere: Math.max(0, (standing.get(line) ?? 0) - copies),
  }));
}

/** Share of the accepted lines that still stand in the text, 0..1; 1 for a hunk that added none. */
export function survival(lines: readonly AcceptedLine[], text: string): number {
  const standing = counted(splitLines(text));
  let [all, left] = [0, 0];
  for (const { text: line, copies, elsewhere } of lines) {
    all += copies;
    left += Math.min(copies, Math.max(0, (standing.get(line) ?? 0) - elsewhere));
  }
  return all === 0 ? 1 : left / all;
}

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const text = bare(line).trim();
    if (text !== '') counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}
