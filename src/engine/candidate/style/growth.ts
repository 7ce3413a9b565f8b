import type { Region } from '../../../protocol/module.ts';
import type { FileTexts } from '../../../protocol/policy.ts';
import type { StyleLimits, StyleProblem } from '../../../protocol/style.ts';
import { stripSource } from '../cppText.ts';
import { changedFiles } from '../patch.ts';

export interface GrowthInput {
  readonly before: FileTexts;
  readonly after: FileTexts;
  /** The module's regions in `before`; a candidate changes nothing outside of them. */
  readonly regions: readonly Region[];
  /** ln(AUC candidate / AUC reference); what is slower earns no lines. */
  readonly gain: number;
  readonly limits: StyleLimits;
}

/**
 * Whether a candidate adds more lines of code than its gain is worth. Blank lines and comments do not count, so that
 * explaining costs nothing.
 */
export function growthProblem({
  before,
  after,
  regions,
  gain,
  limits,
}: GrowthInput): StyleProblem | undefined {
  const own = new Set(regions.map(({ file }) => file));
  const grown = [...changedFiles(before, after)]
    .filter(([file]) => own.has(file))
    .map(([file, text]) => ({ file, lines: codeLines(text) - codeLines(before.get(file) ?? '') }))
    .sort((a, b) => b.lines - a.lines);
  const most = grown[0];
  const lines = grown.reduce((sum, each) => sum + each.lines, 0);
  const percent = Math.max(0, 100 * Math.expm1(gain));
  const allowed = Math.floor(limits.freeLines + limits.linesPerPercent * percent);
  if (most === undefined || lines <= allowed) return undefined;
  return {
    check: 'style-growth',
    file: most.file,
    line: regions.find(({ file }) => file === most.file)?.startLine ?? 1,
    message: `the module grows by ${lines} lines of code; a gain of ${percent.toFixed(1)} % is worth ${allowed}: keep what carries the gain`,
  };
}

function codeLines(text: string): number {
  return stripSource(text, { strings: false })
    .text.split('\n')
    .filter((line) => line.trim() !== '').length;
}
