import type { Region } from '../../../protocol/module.ts';
import type { FileTexts } from '../../../protocol/policy.ts';
import type { StyleLimits, StyleProblem } from '../../../protocol/style.ts';
import type { CppSyntax } from '../../ports.ts';
import { withChanges } from './codeChange.ts';
import { constantProblems } from './constants.ts';
import { nameProblems } from './names.ts';
import { publicProblems } from './publicSurface.ts';
import { deadProblems } from './unused.ts';
import { textsAfter, wordCounts } from './wordsOf.ts';

export interface StyleInput {
  readonly before: FileTexts;
  /** The candidate's texts: changed files, or all of them. */
  readonly after: FileTexts;
  /** The module's regions in `before`; only their files are looked at. */
  readonly regions: readonly Region[];
  readonly syntax: CppSyntax;
  readonly limits: StyleLimits;
}

/**
 * What in a candidate's new code a reviewer would send back, in order of file and line; empty when nothing. Code that
 * was there before is nobody's fault, and moving or indenting it makes it no newer. Growth is judged apart, when the
 * gain is known: see `growthProblem`.
 */
export function styleProblems({
  before,
  after,
  regions,
  syntax,
  limits,
}: StyleInput): readonly StyleProblem[] {
  const own = new Set(regions.map(({ file }) => file));
  const changed = new Map([...after].filter(([file]) => own.has(file)));
  return withChanges(before, changed, syntax, (changes) => {
    const known = wordCounts(...before.values());
    return [
      ...constantProblems(changes, limits),
      ...nameProblems(changes, known, limits),
      ...deadProblems(changes, textsAfter(before, after), limits),
      ...publicProblems(changes, limits),
    ].toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  });
}
