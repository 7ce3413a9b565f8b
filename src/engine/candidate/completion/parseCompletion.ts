import type { Completion, FileTexts } from '../../../protocol/policy.ts';
import { type Edit, type EditContext, findEdits } from './findEdits.ts';
import { type Block, readBlocks } from './readBlocks.ts';
import { sectionsOf } from './sections.ts';

/** What a model's answer says and does. */
export interface ParsedCompletion {
  /** The changed files, or why there are none. */
  readonly outcome: Completion['outcome'];
  /** Text of the section "Performance Analysis"; empty where there is none. */
  readonly analysis: string;
  /** Text of the section "Algorithm Design". */
  readonly design: string;
}

/** Longest completion that is read, in characters. */
export const maxCompletionLength = 1_000_000;

/** Of many problems the first few are told: each costs tokens of the next prompt. */
const toldProblems = 5;
const maxDetail = 4000;

/**
 * Reads a model's answer as edits of the workspace's files: SEARCH/REPLACE blocks, whole regions, or a unified diff.
 *
 * Every block is matched against the saved text, never against what earlier blocks made of it: their order has no
 * meaning, and two that touch the same text are refused. All blocks apply or none does. A SEARCH text is whole lines
 * that must stand in the file exactly once: character for character, or, failing that, but for white space at line
 * ends.
 */
export function parseCompletion(text: string, context: EditContext): ParsedCompletion {
  if (text.length > maxCompletionLength) {
    return rejected('does-not-parse', `the answer is longer than ${maxCompletionLength} characters`);
  }
  const lines = withoutThoughts(text.replaceAll('\r\n', '\n'))?.split('\n');
  if (lines === undefined) return rejected('does-not-parse', 'the answer was cut off before it began');
  const read = readBlocks(lines);
  if (read.kind === 'malformed') return rejected('does-not-parse', read.detail, lines);
  const prose = lines.slice(0, read.proseEnd);
  if (read.blocks.length === 0) {
    const detail = read.looseCode
      ? 'the code does not say where it belongs: write `FILE: path` and then SEARCH/REPLACE blocks, or `REGION: symbol` and the whole region in a fence'
      : 'the answer holds no code: write `FILE: path` and then SEARCH/REPLACE blocks or whole regions';
    return rejected('does-not-parse', detail, prose);
  }
  return { outcome: outcomeOf(read.blocks, context), ...sectionsOf(prose) };
}

function rejected(
  reason: 'does-not-parse' | 'does-not-apply',
  detail: string,
  prose: readonly string[] = [],
): ParsedCompletion {
  return { outcome: { kind: 'rejected', reason, detail: bounded(detail) }, ...sectionsOf(prose) };
}

/** Without what a reasoning model thinks aloud first, where drafts may stand; undefined when it never stops. */
function withoutThoughts(text: string): string | undefined {
  const start = /^\s*<think(?:ing)?>/.exec(text);
  if (!start) return text;
  const end = /<\/think(?:ing)?>/.exec(text);
  return end
    ? text.slice(0, end.index).replace(/[^\n]/g, '') + text.slice(end.index + end[0].length)
    : undefined;
}

function outcomeOf(blocks: readonly Block[], context: EditContext): Completion['outcome'] {
  const edits: Edit[] = [];
  const notes: string[] = [];
  const problems: string[] = [];
  for (const block of blocks) {
    const found = findEdits(block, context);
    if (found.kind === 'problem') {
      problems.push(found.detail);
      if (problems.length === toldProblems) break;
    } else {
      edits.push(...found.edits);
      notes.push(...found.notes);
    }
  }
  if (problems.length === 0) problems.push(...overlaps(edits).slice(0, toldProblems));
  if (problems.length > 0) return doesNotApply(problems.join('\n'));
  const files = applyEdits(edits, context.files);
  if (files.size === 0) return doesNotApply('the answer changes nothing');
  return { kind: 'files', files, notes };
}

function doesNotApply(detail: string): Completion['outcome'] {
  return { kind: 'rejected', reason: 'does-not-apply', detail: bounded(detail) };
}

function bounded(detail: string): string {
  return detail.length <= maxDetail ? detail : `${detail.slice(0, maxDetail - 1)}…`;
}

function overlaps(edits: readonly Edit[]): string[] {
  return Object.values(Object.groupBy(edits, ({ file }) => file)).flatMap((own = []) => {
    const ordered = own.toSorted((a, b) => a.start - b.start);
    return ordered.flatMap((edit, i) => {
      const next = ordered[i + 1];
      return next && next.start < edit.end
        ? [`${edit.file}: ${edit.name} and ${next.name} change the same lines`]
        : [];
    });
  });
}

/** New texts of the files that change. The edits do not overlap. */
function applyEdits(edits: readonly Edit[], files: FileTexts): FileTexts {
  const changed = new Map<string, string>();
  for (const { file, start, end, text } of edits.toSorted((a, b) => b.start - a.start)) {
    const current = changed.get(file) ?? files.get(file) ?? '';
    changed.set(file, current.slice(0, start) + text + current.slice(end));
  }
  const different = [...changed].filter(([file, text]) => files.get(file) !== text);
  return new Map(different.sort(([a], [b]) => (a < b ? -1 : 1)));
}
