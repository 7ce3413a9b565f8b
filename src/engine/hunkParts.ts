import { applyPatch as applyStructured, type StructuredPatchHunk, structuredPatch } from 'diff';
import type { CompletionPart, FileTexts } from '../protocol/policy.ts';
import { changedFiles, unifiedDiff } from './candidate/patch.ts';

interface Hunk {
  readonly file: string;
  readonly hunk: StructuredPatchHunk;
}

/**
 * The parts of a change that can be taken out alone: its hunks, in order. `design` is what its author said of the whole;
 * a hunk's cause is the first comment it adds.
 */
export function hunkParts(before: FileTexts, after: FileTexts, design: string): CompletionPart[] {
  const hunks = [...changedFiles(before, after)].flatMap(([file, text]): Hunk[] =>
    // Without context: lines that change together are one part.
    structuredPatch(file, file, before.get(file) ?? '', text, undefined, undefined, { context: 0 }).hunks.map(
      (hunk) => ({ file, hunk }),
    ),
  );
  return hunks.map((own): CompletionPart => {
    const files = withHunks(
      before,
      hunks.filter((other) => other !== own),
    );
    return {
      name: `${own.file}:${own.hunk.oldStart}`,
      cause: causeOf(own.hunk, design),
      without: `\`\`\`diff\n${unifiedDiff(before, files)}\`\`\`\n`,
      files,
    };
  });
}

function withHunks(before: FileTexts, hunks: readonly Hunk[]): FileTexts {
  const made = new Map<string, string>();
  for (const file of new Set(hunks.map((hunk) => hunk.file))) {
    const own = hunks.filter((hunk) => hunk.file === file).map(({ hunk }) => hunk);
    const patch = { oldFileName: file, newFileName: file, oldHeader: '', newHeader: '', hunks: own } as const;
    const text = applyStructured(before.get(file) ?? '', { ...patch, hunks: [...own] }, { fuzzFactor: 0 });
    if (text === false) throw new Error(`${file}: hunks of a diff do not apply to what they were made from`);
    made.set(file, text);
  }
  return changedFiles(before, made);
}

const longestCause = 160;

function causeOf({ lines }: StructuredPatchHunk, design: string): string {
  const added = lines.filter((line) => line.startsWith('+'));
  const comment = added
    .map((line) => /\/\/\/?<?\s*(.{8,})$|\/\*+\s*(.{8,}?)\s*(?:\*\/)?$/.exec(line))
    .find(Boolean);
  const cause = (comment?.[1] ?? comment?.[2] ?? design.split(/(?<=\.)\s/)[0] ?? '')
    .replace(/\s+/g, ' ')
    .trim();
  if (cause === '') return 'No reason was given.';
  return cause.length <= longestCause ? cause : `${cause.slice(0, longestCause - 1)}…`;
}
