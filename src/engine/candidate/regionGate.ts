import { diffLines } from 'diff';
import type { Region, SymbolRef } from '../../protocol/module.ts';
import type { FileTexts } from '../../protocol/policy.ts';
import { directivesOf, openEnd, stripSource } from './cppText.ts';
import { changedFiles } from './patch.ts';

/** Finds a region in a text by its symbol; `engine/module` has the implementation. */
export type LocateRegion = (
  ref: SymbolRef,
  text: string,
) =>
  | { readonly kind: 'found'; readonly region: Region }
  | { readonly kind: 'missing' | 'ambiguous'; readonly message: string; readonly fix: string };

export interface RegionGateInput {
  readonly before: FileTexts;
  /** The candidate's texts: changed files, or all of them. */
  readonly after: FileTexts;
  /** The regions of the candidate's module, located in `before`. */
  readonly regions: readonly Region[];
  readonly locate: LocateRegion;
}

/** Name of the check in a verdict. */
export const regionCheck = 'edits-outside-module';

/** Text between two regions, or between a region and an end of the file. */
interface Gap {
  readonly text: string;
  readonly start: number;
  /** Whether code may be added at this end: next to a region that is not the block of includes. */
  readonly growsAtStart: boolean;
  readonly growsAtEnd: boolean;
}

/**
 * What a candidate changes outside its module's regions, one message per place, in file order; empty when nothing.
 * Inside a region anything goes, as long as its symbol stays. New code may also stand right before or after a region,
 * but what is outside must remain, character for character, and mean the same: additions must be closed in themselves
 * and define no macro that the rest uses.
 */
export function editsOutsideModule({ before, after, regions, locate }: RegionGateInput): readonly string[] {
  const problems: string[] = [];
  for (const [file, text] of changedFiles(before, after)) {
    const old = before.get(file);
    const own = regions.filter((region) => region.file === file).sort((a, b) => a.start - b.start);
    if (old === undefined) {
      problems.push(`${file}: a new file; the module has only its regions`);
    } else if (own.length === 0) {
      const line = firstDifference(old, text, old, 0);
      problems.push(
        `${file}:${line.number}: \`${line.text}\` is changed, but the module has no region in this file`,
      );
    } else {
      problems.push(...problemsInFile(file, old, text, own, locate));
    }
  }
  return problems;
}

function problemsInFile(
  file: string,
  old: string,
  text: string,
  own: readonly Region[],
  locate: LocateRegion,
): string[] {
  const located: Region[] = [];
  for (const { symbol, kind } of own) {
    const result = locate({ file, symbol }, text);
    if (result.kind !== 'found')
      return [`${file}: \`${symbol}\` was removed, renamed or doubled: ${result.message}`];
    if (result.region.kind !== kind)
      return [`${file}: \`${symbol}\` was a ${kind} and is now a ${result.region.kind}`];
    located.push(result.region);
  }
  if (located.some(({ start }, i) => start < (located[i - 1]?.end ?? 0))) {
    return [
      `${file}: the regions ${own.map(({ symbol }) => symbol).join(', ')} no longer stand in their order`,
    ];
  }
  const oldGaps = gapsOf(old, own);
  const newGaps = gapsOf(text, located);
  const problems: string[] = [];
  const added: string[] = located.map(({ start, end }) => text.slice(start, end));
  for (const [i, gap] of oldGaps.entries()) {
    const now = newGaps[i]?.text ?? '';
    const additions = additionsAround(gap, now);
    if (additions === undefined) {
      const line = firstDifference(gap.text, now, old, gap.start);
      problems.push(
        `${file}:${line.number}: \`${line.text}\` is outside the module's regions and was ${line.what}`,
      );
    } else {
      added.push(...additions);
    }
  }
  const outside = oldGaps.map((gap) => gap.text).join('\n');
  return [...problems, ...added.flatMap((piece) => spills(file, piece, outside))];
}

function gapsOf(text: string, regions: readonly Region[]): Gap[] {
  const grows = (region: Region | undefined): boolean => region !== undefined && region.kind !== 'includes';
  return Array.from({ length: regions.length + 1 }, (_, i) => {
    const start = regions[i - 1]?.end ?? 0;
    return {
      text: text.slice(start, regions[i]?.start ?? text.length),
      start,
      growsAtStart: grows(regions[i - 1]),
      growsAtEnd: grows(regions[i]),
    };
  });
}

/** The code added at the ends of a gap that is otherwise unchanged; undefined when it is changed. */
function additionsAround(gap: Gap, now: string): readonly [string, string] | undefined {
  const fixed = withoutBlankEnds(gap);
  const last = gap.growsAtStart ? now.length - fixed.length : 0;
  for (let at = 0; at <= last; ++at) {
    if (!now.startsWith(fixed, at)) continue;
    const pieces = [now.slice(0, at), now.slice(at + fixed.length)] as const;
    const allowed = gap.growsAtEnd || pieces[1] === '';
    if (allowed && standsBefore(pieces[0], fixed) && openEnd(pieces[1]) === undefined) return pieces;
  }
  return undefined;
}

/** The gap without blank lines next to regions, where they may change. */
function withoutBlankEnds({ text, growsAtStart, growsAtEnd }: Gap): string {
  if (text.trim() === '') return growsAtStart || growsAtEnd ? '' : text;
  const from = growsAtStart ? text.replace(/^\s*(?=\n[ \t]*\S)/, '') : text;
  return growsAtEnd ? from.replace(/\n\s*$/, '\n') : from;
}

/** Whether added code leaves the code after it as it was: it is complete and ends on a line of its own. */
function standsBefore(piece: string, after: string): boolean {
  if (openEnd(piece) !== undefined || /\\\s*$/.test(piece)) return false;
  if (piece.trim() === '' || after === '') return true;
  const lines = stripSource(piece, { strings: true }).text.trimEnd();
  const ending = lines.split('\n').at(-1)?.trim() ?? '';
  // Anything else (`template <class T>`, `static`, an attribute) would become part of the next declaration.
  return after.startsWith('\n') && (ending === '' || ending.startsWith('#') || /[;}]$/.test(ending));
}

/** How a piece of code would change the meaning of what is outside it. */
function spills(file: string, piece: string, outside: string): string[] {
  const open = openEnd(piece);
  if (open) return [`${file}: the new code has ${open}, which reaches into the code after it`];
  const { text } = stripSource(piece, { strings: true });
  const identifiers = new Set(stripSource(outside, { strings: true }).text.match(/\b[A-Za-z_]\w*/g));
  return directivesOf(text)
    .filter(({ name }) => name === 'define' || name === 'undef')
    .map(({ rest }) => /^\w+/.exec(rest)?.[0] ?? '')
    .filter((macro) => identifiers.has(macro))
    .map(
      (macro) =>
        `${file}: the new code defines or undefines \`${macro}\`, which code outside the module uses`,
    );
}

interface Difference {
  /** 1-based line in the old file. */
  readonly number: number;
  readonly text: string;
  readonly what: 'changed or removed' | 'preceded by new code';
}

/** Where `then`, which starts at `start` in the old file, first differs from `now`. */
function firstDifference(then: string, now: string, old: string, start: number): Difference {
  const lines = old.split('\n');
  let number = old.slice(0, start).split('\n').length;
  let inserted: Difference | undefined;
  for (const { value, added, removed, count } of diffLines(then, now)) {
    const text = lineFrom(lines, number);
    if (removed && value.trim() !== '') return { number, text, what: 'changed or removed' };
    if (added) inserted ??= { number, text, what: 'preceded by new code' };
    if (!added) number += count;
  }
  return inserted ?? { number, text: lineFrom(lines, number), what: 'changed or removed' };
}

/** The first line with anything on it, from a 1-based number on. */
function lineFrom(lines: readonly string[], number: number): string {
  return (lines.slice(number - 1).find((line) => line.trim() !== '') ?? '').trim();
}
