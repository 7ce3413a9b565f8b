import type { Region } from '../../../protocol/module.ts';
import type { FileTexts } from '../../../protocol/policy.ts';
import { applyPatch } from '../patch.ts';
import type { LocateRegion } from '../regionGate.ts';
import { explainMiss, nearestNames } from './explainMiss.ts';
import { linesOf, matchLines, type TextLine } from './matchLines.ts';
import type { Block } from './readBlocks.ts';

/** What blocks are read against. */
export interface EditContext {
  readonly files: FileTexts;
  /** The module's regions, located in `files`. */
  readonly regions: readonly Region[];
  readonly locate: LocateRegion;
}

/** A stretch of one file's saved text and what stands there instead; indices are UTF-16. */
export interface Edit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** For messages, e.g. `the block of line 12`. */
  readonly name: string;
}

export type FoundEdits =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[]; readonly notes: readonly string[] }
  | { readonly kind: 'problem'; readonly detail: string };

/** The edits that a block asks for, against the saved text; none where it changes nothing. */
export function findEdits(block: Block, context: EditContext): FoundEdits {
  if (block.kind === 'diff') return diffEdits(block, context.files);
  const path = block.file.replace(/^(?:\.\/)+/, '');
  const text = context.files.get(path);
  if (text === undefined) return problem(unknownFile(block.file, path, context.files));
  return block.kind === 'edit' ? searchEdit(block, path, text) : regionEdit(block, path, text, context);
}

function problem(detail: string): FoundEdits {
  return { kind: 'problem', detail };
}

function unknownFile(written: string, path: string, files: FileTexts): string {
  if (/^[/\\]|^[A-Za-z]:|\\/.test(path) || path.split('/').includes('..')) {
    return `\`${written}\` is not a path inside the workspace; write it relative, with forward slashes`;
  }
  const names = nearestNames(path, files.keys(), 3);
  const hint = names.length > 0 ? `; nearest: ${names.map((name) => `\`${name}\``).join(', ')}` : '';
  return `the workspace has no file \`${written}\`${hint}`;
}

function searchEdit(
  { line, search, replace }: Extract<Block, { kind: 'edit' }>,
  file: string,
  text: string,
): FoundEdits {
  const name = `the SEARCH block of line ${line}`;
  if (search.every((each) => each.trim() === '')) {
    return problem(`${file}: ${name} is empty; it must hold the lines to replace`);
  }
  const lines = linesOf(text);
  const match = matchLines(search, lines);
  if (match.kind === 'ambiguous') {
    return problem(
      `${file}: ${name} is ambiguous, it stands at lines ${listed(match.lines)}; add lines around it until it stands once`,
    );
  }
  if (match.kind === 'missing')
    return problem(`${file}: ${name} is not in the file: ${explainMiss(search, lines)}`);
  if (search.length === replace.length && search.every((each, i) => each === replace[i])) {
    return { kind: 'edits', edits: [], notes: [`${file}: ${name} changes nothing`] };
  }
  const replaced = lines.slice(match.first, match.first + search.length);
  const notes = match.trailing ? [`${file}:${match.first + 1}: found but for white space at line ends`] : [];
  return {
    kind: 'edits',
    edits: [
      {
        file,
        start: replaced[0]?.start ?? 0,
        end: replaced.at(-1)?.end ?? 0,
        text: withBreaksOf(replaced, replace),
        name,
      },
    ],
    notes,
  };
}

/** The new lines with the line breaks of those they replace; a last line without one stays so. */
function withBreaksOf(replaced: readonly TextLine[], lines: readonly string[]): string {
  const lineBreak = replaced[0]?.text.endsWith('\r') ? '\r\n' : '\n';
  const last = replaced.at(-1);
  const isOpen = last !== undefined && last.end === last.start + last.text.length;
  return lines.join(lineBreak) + (lines.length > 0 && !isOpen ? lineBreak : '');
}

function regionEdit(
  block: Extract<Block, { kind: 'region' }>,
  file: string,
  text: string,
  { regions, locate }: EditContext,
): FoundEdits {
  const { symbol } = block;
  const own = regions.filter((region) => region.file === file);
  const located = locate({ file, symbol }, text);
  const region =
    own.find((each) => each.symbol === symbol) ??
    (located.kind === 'found'
      ? own.find(({ start, end }) => start === located.region.start && end === located.region.end)
      : undefined);
  if (region === undefined) {
    const around =
      located.kind === 'found'
        ? own.find(({ start, end }) => start <= located.region.start && located.region.end <= end)
        : undefined;
    return problem(
      around
        ? `${file}: \`${symbol}\` is a part of the region \`${around.symbol}\`; give that region whole, or a SEARCH/REPLACE block`
        : `${file}: \`${symbol}\` is not a region of this module; ${own.length > 0 ? `its regions here are ${own.map((each) => `\`${each.symbol}\``).join(', ')}` : 'it has none in this file'}`,
    );
  }
  // What stands before the region on its line is its indentation, which the new text has of its own.
  const before = text.slice(text.lastIndexOf('\n', region.start - 1) + 1, region.start);
  const lines = trimBlankEnds(block.text.split('\n'));
  const isIndented = before.trim() === '';
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const replacement = lines
    .map((line, i) => (i === 0 && isIndented ? line.trimStart() : line))
    .join(lineBreak);
  const edit: Edit = {
    file,
    start: region.start,
    end: region.end,
    text: replacement,
    name: `region \`${symbol}\``,
  };
  const after = locate(
    { file, symbol: region.symbol },
    text.slice(0, edit.start) + replacement + text.slice(edit.end),
  );
  if (after.kind !== 'found' || after.region.kind !== region.kind) {
    return problem(`${file}: the new text of region \`${symbol}\` does not define that ${region.kind}`);
  }
  return { kind: 'edits', edits: replacement === text.slice(edit.start, edit.end) ? [] : [edit], notes: [] };
}

function trimBlankEnds(lines: readonly string[]): readonly string[] {
  const isText = (line: string): boolean => line.trim() !== '';
  const kept = lines.slice(lines.findIndex(isText), lines.findLastIndex(isText) + 1);
  return kept.map((line, i) => (i === kept.length - 1 ? line.trimEnd() : line));
}

/** A diff stands for its files whole, so that nothing else can change them beside it. */
function diffEdits({ line, text }: Extract<Block, { kind: 'diff' }>, files: FileTexts): FoundEdits {
  const name = `the diff of line ${line}`;
  const applied = applyPatch(files, text);
  if (applied.kind === 'refused') {
    return problem(`${name} does not apply: ${applied.detail}; its lines and line numbers must be exact`);
  }
  const edits = [...applied.files].map(
    ([file, changed]): Edit => ({ file, start: 0, end: files.get(file)?.length ?? 0, text: changed, name }),
  );
  return { kind: 'edits', edits, notes: [] };
}

function listed(numbers: readonly number[]): string {
  const first = numbers.slice(0, 8);
  return (
    first.join(', ') + (numbers.length > first.length ? ` and ${numbers.length - first.length} more` : '')
  );
}
