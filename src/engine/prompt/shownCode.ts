import { posix } from 'node:path';
import type { Region } from '../../protocol/module.ts';
import type { FileTexts } from '../../protocol/policy.ts';
import type { Item } from './budget.ts';
import { fenced } from './markdown.ts';
import { type ScrubSettings, scrubCode } from './scrub.ts';
import { removedMark } from './secrets.ts';

/** The files as they may be shown. Lines keep their number. */
export class ShownCode {
  readonly #files: FileTexts;
  readonly #settings: ScrubSettings;
  readonly #lines = new Map<string, readonly string[]>();

  constructor(files: FileTexts, settings: ScrubSettings) {
    this.#files = files;
    this.#settings = settings;
  }

  has(file: string): boolean {
    return this.#files.has(file);
  }

  /** Scrubbed lines of a file; a whole file is scrubbed at once, so that comments over several lines are seen as such. */
  lines(file: string): readonly string[] {
    const known = this.#lines.get(file);
    if (known !== undefined) return known;
    const lines = scrubCode(this.#files.get(file) ?? '', this.#settings).split('\n');
    this.#lines.set(file, lines);
    return lines;
  }

  /** 1-based numbers of the lines that are not shown as they stand in the file, though no `[removed]` tells. */
  silentlyChanged(file: string): number[] {
    const original = (this.#files.get(file) ?? '').split('\n');
    return this.lines(file).flatMap((line, i) =>
      line === original[i] || line.includes(removedMark) ? [] : [i + 1],
    );
  }

  /** Whether `[removed]` stands in the file where the user wrote something else. */
  hasRemoved(file: string): boolean {
    const original = (this.#files.get(file) ?? '').split('\n');
    return this.lines(file).some((line, i) => line !== original[i] && line.includes(removedMark));
  }

  /** The lines of a region, whole, so that they can be found in the file. */
  region({ file, startLine, endLine }: Region): readonly string[] {
    return this.lines(file).slice(startLine - 1, endLine);
  }
}

/** A region as completions write one, too. */
export function regionBlock(region: Region, code: ShownCode): string {
  const text = [`FILE: ${region.file}`, `REGION: ${region.symbol}`, ...code.region(region)].join('\n');
  return fenced(text, 'cpp');
}

/**
 * What the module's code needs to be understood, most needed first: the rest of the files that hold its regions, the
 * headers that these include, over several steps, and the files that include them.
 */
export function contextItems(
  code: ShownCode,
  files: FileTexts,
  regions: readonly Region[],
  includeDirs: readonly string[],
): Item[] {
  const own = [...new Set(regions.map(({ file }) => file))];
  const includes = (file: string): string[] => includedFiles(file, files, includeDirs);
  const needed = new Set(own);
  // The set grows while it is walked.
  for (const file of needed) for (const target of includes(file)) needed.add(target);
  const users = [...files.keys()].filter(
    (file) => !needed.has(file) && includes(file).some((target) => own.includes(target)),
  );
  return [...needed, ...users].flatMap((file): Item[] => {
    const lines = outsideRegions(
      code.lines(file),
      regions.filter((region) => region.file === file),
    );
    const isEmpty = lines.every((line) => line.trim() === '');
    return isEmpty ? [] : [{ head: `FILE: ${file}`, body: lines, render: renderFile }];
  });
}

function renderFile(head: string, body: readonly string[]): string {
  return fenced([head, ...body].join('\n'), 'cpp');
}

/** The lines of a file without its regions, each of which leaves a line that says so. */
function outsideRegions(lines: readonly string[], regions: readonly Region[]): string[] {
  const shown: string[] = [];
  for (const [i, line] of lines.entries()) {
    const region = regions.find(({ startLine, endLine }) => startLine <= i + 1 && i + 1 <= endLine);
    if (region === undefined) shown.push(line);
    else if (region.startLine === i + 1) shown.push(`[region ${region.symbol}, shown above]`);
  }
  return shown;
}

/** Files of the workspace that a file includes by name, in its order. */
function includedFiles(file: string, files: FileTexts, includeDirs: readonly string[]): string[] {
  const folders = [posix.dirname(file), ...includeDirs];
  const found: string[] = [];
  for (const [, target = ''] of (files.get(file) ?? '').matchAll(
    /^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]/gm,
  )) {
    const path = folders
      .map((folder) => posix.join(folder, target))
      .find((candidate) => files.has(candidate));
    if (path !== undefined) found.push(path);
  }
  return found;
}
