import { diffText } from './diffText.ts';
import { type Fence, fenceOf, headerOf, lonePath, markerOf, pathInInfo } from './markers.ts';

/** One piece of code that a completion carries. Texts have lines that end in `\n`; `line` is 1-based in the completion. */
export type Block =
  | {
      readonly kind: 'edit';
      readonly file: string;
      readonly line: number;
      readonly search: readonly string[];
      readonly replace: readonly string[];
    }
  | {
      readonly kind: 'region';
      readonly file: string;
      readonly line: number;
      readonly symbol: string;
      readonly text: string;
    }
  | { readonly kind: 'diff'; readonly line: number; readonly text: string };

export type ReadBlocks =
  | {
      readonly kind: 'blocks';
      readonly blocks: readonly Block[];
      /** Lines (0-based) before the first one that belongs to code; all of them where none does. */
      readonly proseEnd: number;
      /** Whether a fence held code that says neither file nor region. */
      readonly looseCode: boolean;
    }
  | { readonly kind: 'malformed'; readonly detail: string };

/** Blocks that one completion may have. */
export const maxBlocks = 200;

class Malformed extends Error {}

/**
 * The code in a completion, in its order. Prose around it is skipped, but whatever was begun as code must be whole: a
 * block that is cut off, a marker out of place or a header without code makes the whole completion malformed.
 */
export function readBlocks(lines: readonly string[]): ReadBlocks {
  try {
    const reader = new BlockReader(lines);
    reader.read();
    return {
      kind: 'blocks',
      blocks: reader.blocks,
      proseEnd: reader.proseEnd ?? lines.length,
      looseCode: reader.looseCode,
    };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', detail: error.message };
    throw error;
  }
}

interface OpenFence extends Fence {
  readonly line: number;
  /** Lines inside that are no header, marker or part of a SEARCH/REPLACE block. */
  readonly body: string[];
  readonly region: string | undefined;
  edits: number;
}

function isDiffFence({ info }: Fence): boolean {
  return /^(?:diff|patch|udiff)(?:\s|$)/i.test(info);
}

class BlockReader {
  readonly blocks: Block[] = [];
  proseEnd: number | undefined;
  looseCode = false;
  private readonly lines: readonly string[];
  private at = 0;
  private file: string | undefined;
  private region: string | undefined;
  /** The header that still waits for its code. */
  private waiting: { readonly what: string; readonly line: number } | undefined;
  private readonly fences: OpenFence[] = [];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  read(): void {
    while (this.at < this.lines.length) {
      const fence = this.fences.at(-1);
      if (fence === undefined) this.readOutside();
      else this.readInside(fence);
      if (this.blocks.length > maxBlocks) throw new Malformed(`more than ${maxBlocks} blocks of code`);
    }
    const open = this.fences.at(-1);
    if (open) throw new Malformed(`line ${open.line}: this fence is never closed; the answer was cut off`);
    this.expectNothingWaits();
  }

  private get line(): string {
    return this.lines[this.at] ?? '';
  }

  private readOutside(): void {
    const { line } = this;
    const fence = fenceOf(line);
    if (fence) {
      this.open(fence);
    } else if (!this.readMarker() && !this.readHeader()) {
      if (this.region !== undefined && line.trim() !== '') {
        throw new Malformed(
          `line ${this.at + 1}: after \`REGION: ${this.region}\` must come a fenced block with the region's whole new text`,
        );
      }
      ++this.at;
    }
  }

  private readInside(fence: OpenFence): void {
    const { line } = this;
    const other = fenceOf(line);
    const bare = fence.body.every((text) => text.trim() === '' || lonePath(text) !== undefined);
    const isDiff = isDiffFence(fence);
    const isCode = fence.region !== undefined || isDiff;
    if (
      other?.char === fence.char &&
      other.info === '' &&
      (other.length >= fence.length || fence.edits > 0)
    ) {
      this.close(fence, isDiff);
    } else if (other && isCode) {
      throw new Malformed(`line ${this.at + 1}: a fence inside of code`);
    } else if (other && !isCode && (other.info !== '' || this.region !== undefined)) {
      this.open(other);
    } else if (this.readMarker()) {
      if (fence.region !== undefined)
        throw new Malformed(`line ${this.at}: a SEARCH/REPLACE block in a whole region`);
      ++fence.edits;
    } else if (!isCode && (bare || headerOf(line)?.binding) && this.readHeader()) {
      // A region that is named inside of its own fence; where a fence follows, this one is around it.
      if (this.region !== undefined && !this.fenceFollows()) {
        this.fences.pop();
        this.fences.push({ ...fence, body: [], region: this.region });
        this.region = undefined;
        this.waiting = undefined;
      }
    } else if (fence.region !== undefined && /FILE|REGION/.test(line) && headerOf(line)?.binding) {
      throw new Malformed(
        `line ${this.at + 1}: a new header inside of a region's text; use one fence per region`,
      );
    } else {
      fence.body.push(line);
      ++this.at;
    }
  }

  private open(fence: Fence): void {
    if (this.region !== undefined && isDiffFence(fence)) {
      throw new Malformed(`line ${this.at + 1}: a diff after \`REGION:\`; give the region's whole new text`);
    }
    const path = pathInInfo(fence.info) ?? this.pathAbove();
    if (path !== undefined && this.region === undefined) this.file = path;
    if (this.region !== undefined) this.proseEnd ??= this.at;
    this.fences.push({ ...fence, line: this.at + 1, body: [], region: this.region, edits: 0 });
    if (this.region !== undefined) {
      this.region = undefined;
      this.waiting = undefined;
    }
    ++this.at;
  }

  private close(fence: OpenFence, isDiff: boolean): void {
    if (this.region !== undefined) this.expectNothingWaits();
    this.fences.pop();
    const code = fence.body.some((text) => text.trim() !== '');
    if (fence.region !== undefined) {
      if (!code)
        throw new Malformed(`line ${fence.line}: the new text of region \`${fence.region}\` is empty`);
      this.proseEnd ??= fence.line - 1;
      this.blocks.push({
        kind: 'region',
        file: this.fileFor(`region \`${fence.region}\``, fence.line),
        line: fence.line,
        symbol: fence.region,
        text: fence.body.join('\n'),
      });
    } else if (isDiff && code && fence.edits === 0) {
      this.proseEnd ??= fence.line - 1;
      this.blocks.push({ kind: 'diff', line: fence.line, text: this.diffIn(fence) });
      this.waiting = undefined;
    } else if (code && fence.edits === 0) {
      this.looseCode = true;
      if (this.waiting) {
        throw new Malformed(
          `line ${fence.line}: the code after \`${this.waiting.what}\` is neither a SEARCH/REPLACE block nor named by a \`REGION:\` line`,
        );
      }
    }
    ++this.at;
  }

  private diffIn(fence: OpenFence): string {
    const diff = diffText(fence.body, this.file);
    if ('problem' in diff) throw new Malformed(`line ${fence.line}: ${diff.problem}`);
    return diff.text;
  }

  /** Reads a marker at this line, with its whole block; false where there is none. */
  private readMarker(): boolean {
    const marker = markerOf(this.line);
    // Outside of a block, a row of equal signs underlines a heading.
    if (marker === undefined || /^\s*=/.test(this.line)) return false;
    if (marker !== 'search') {
      throw new Malformed(
        `line ${this.at + 1}: \`${this.line.trim()}\` does not belong to a SEARCH/REPLACE block`,
      );
    }
    if (this.region !== undefined) {
      throw new Malformed(
        `line ${this.at + 1}: a SEARCH/REPLACE block after \`REGION:\`; use one of the two`,
      );
    }
    this.file = this.pathAbove() ?? this.file;
    const line = this.at + 1;
    this.proseEnd ??= this.at;
    ++this.at;
    const search = this.readUntil('divider', line);
    const replace = this.readUntil('replace', line);
    this.blocks.push({
      kind: 'edit',
      file: this.fileFor('a SEARCH/REPLACE block', line),
      line,
      search,
      replace,
    });
    this.waiting = undefined;
    return true;
  }

  private readUntil(end: 'divider' | 'replace', start: number): readonly string[] {
    const from = this.at;
    for (; this.at < this.lines.length; ++this.at) {
      const marker = markerOf(this.line);
      if (marker === end) return this.lines.slice(from, this.at++);
      if (marker !== undefined) {
        throw new Malformed(
          `line ${this.at + 1}: \`${this.line.trim()}\` inside the SEARCH/REPLACE block of line ${start}`,
        );
      }
      if (fenceOf(this.line)) {
        throw new Malformed(
          `line ${this.at + 1}: a fence inside the SEARCH/REPLACE block of line ${start}; write the code bare between the markers`,
        );
      }
    }
    throw new Malformed(`line ${start}: this SEARCH/REPLACE block never ends; the answer was cut off`);
  }

  private readHeader(): boolean {
    const header = headerOf(this.line);
    if (!header) return false;
    const what = this.line.trim();
    if (header.name === 'file') {
      this.expectNothingWaits();
      this.file = header.value;
    } else {
      if (this.region !== undefined) this.expectNothingWaits();
      this.region = header.value;
    }
    this.waiting = header.binding || header.name === 'region' ? { what, line: this.at + 1 } : this.waiting;
    if (header.binding) this.proseEnd ??= this.at;
    ++this.at;
    return true;
  }

  private fenceFollows(): boolean {
    let next = this.at;
    while (this.lines[next]?.trim() === '') ++next;
    return fenceOf(this.lines[next] ?? '') !== undefined;
  }

  private expectNothingWaits(): void {
    if (this.waiting) {
      throw new Malformed(`line ${this.waiting.line}: no code follows \`${this.waiting.what}\``);
    }
  }

  /** The path on the last line with anything on it, where that is all that it holds. */
  private pathAbove(): string | undefined {
    for (let i = this.at - 1; i >= 0 && i >= this.at - 3; --i) {
      const above = this.lines[i] ?? '';
      if (above.trim() !== '' && !(fenceOf(above) && this.fences.length > 0)) return lonePath(above);
    }
    return undefined;
  }

  private fileFor(what: string, line: number): string {
    if (this.file === undefined)
      throw new Malformed(`line ${line}: no \`FILE:\` line says which file ${what} is for`);
    return this.file;
  }
}
