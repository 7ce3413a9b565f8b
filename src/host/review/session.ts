import type { Change } from '../../protocol/engine.ts';
import type { Refusal } from './anchor.ts';
import { type Decision, FileReview } from './fileReview.ts';

/** Which candidate is looked at; `root` is the absolute path of the workspace folder. */
export interface CandidateRef {
  readonly root: string;
  readonly run: string;
  readonly candidate: string;
}

/** A hunk of a session. */
export interface HunkRef {
  readonly file: FileReview;
  /** Index in the file. */
  readonly index: number;
}

/** Decisions that were made, by file and hunk key. */
export type Decisions = Readonly<Record<string, Readonly<Record<string, Decision>>>>;

export interface Counts {
  readonly pending: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly refused: number;
}

/** A review: one candidate, its files, and what stands and was decided about each hunk. */
export class ReviewSession {
  readonly ref: CandidateRef;
  readonly change: Change;
  readonly files: readonly FileReview[];

  constructor(ref: CandidateRef, change: Change, decisions: Decisions = {}) {
    this.ref = ref;
    this.change = change;
    this.files = change.files.map(({ file, base, text }) => {
      const review = new FileReview(file, base, text);
      review.restore(decisions[file] ?? {});
      return review;
    });
  }

  file(path: string): FileReview | undefined {
    return this.files.find(({ file }) => file === path);
  }

  get all(): HunkRef[] {
    return this.files.flatMap((file) => file.hunks.map((_, index) => ({ file, index })));
  }

  get pending(): HunkRef[] {
    return this.all.filter(({ file, index }) => file.isPending(index));
  }

  get refused(): (HunkRef & { readonly reason: Refusal })[] {
    return this.all.flatMap((hunk) => {
      const reason = hunk.file.refusal(hunk.index);
      return reason === undefined ? [] : [{ ...hunk, reason }];
    });
  }

  /** 1-based, over all files. */
  numberOf({ file, index }: HunkRef): number {
    const before = this.files.slice(0, this.files.indexOf(file));
    return before.reduce((sum, { hunks }) => sum + hunks.length, 0) + index + 1;
  }

  get counts(): Counts {
    const counts = { pending: 0, accepted: 0, rejected: 0, refused: 0 };
    for (const { file, index } of this.all) {
      const decision = file.decision(index);
      if (decision !== 'open') ++counts[decision];
      else if (file.isPending(index)) ++counts.pending;
      else if (file.refusal(index) !== undefined) ++counts.refused;
    }
    return counts;
  }

  get decisions(): Decisions {
    return Object.fromEntries(
      this.files.map((file) => {
        const made = file.hunks.flatMap(({ key }, i) =>
          file.decision(i) === 'open' ? [] : [[key, file.decision(i)] as const],
        );
        return [file.file, Object.fromEntries(made)];
      }),
    );
  }

  hunk(path: string, key: string): HunkRef | undefined {
    const file = this.file(path);
    const index = file?.hunks.findIndex((hunk) => hunk.key === key) ?? -1;
    return file === undefined || index < 0 ? undefined : { file, index };
  }

  /** The pending hunk on a line (0-based) of the file. One that only inserts is on the two lines that it goes between. */
  pendingAt(path: string, line: number): HunkRef | undefined {
    const file = this.file(path);
    if (file?.text == null) return undefined;
    const places = file.hunks.flatMap((_, index) =>
      file.isPending(index) ? [{ index, ...file.standing(index) }] : [],
    );
    return onLine(file, file.text, places, line);
  }

  /** The pending hunk on a line (0-based) of the file's text with every pending hunk accepted. */
  pendingInMerged(path: string, line: number): HunkRef | undefined {
    const file = this.file(path);
    if (file === undefined) return undefined;
    const { text, ranges } = file.merged();
    return onLine(
      file,
      text,
      [...ranges].map(([index, range]) => ({ index, ...range })),
      line,
    );
  }

  /** The next pending hunk after a position, or the one before it; around the end. Undefined if none is pending. */
  neighbour(
    from: { readonly file: string; readonly offset: number } | undefined,
    direction: 1 | -1,
  ): HunkRef | undefined {
    const pending = this.pending;
    if (direction < 0) pending.reverse();
    const at = this.files.findIndex(({ file }) => file === from?.file);
    const beyond = pending.find(({ file, index }) => {
      const order = this.files.indexOf(file) - at;
      if (from === undefined || at < 0) return true;
      return order === 0 ? (file.standing(index).start - from.offset) * direction > 0 : order * direction > 0;
    });
    return beyond ?? pending[0];
  }
}

function onLine(
  file: FileReview,
  text: string,
  places: readonly { readonly index: number; readonly start: number; readonly end: number }[],
  line: number,
): HunkRef | undefined {
  const { start, end } = lineSpan(text, line);
  const holds = places.find((place) => place.start < Math.max(end, start + 1) && place.end > start);
  const meets = places.find(
    (place) => place.start === place.end && (place.start === start || place.start === end),
  );
  const found = holds ?? meets;
  return found && { file, index: found.index };
}

/** Offsets of a line's start and of the start of the line after it. */
function lineSpan(text: string, line: number): { start: number; end: number } {
  let start = 0;
  for (let i = 0; i < line; ++i) {
    const next = text.indexOf('\n', start);
    if (next < 0) return { start: text.length, end: text.length };
    start = next + 1;
  }
  const end = text.indexOf('\n', start);
  return { start, end: end < 0 ? text.length : end + 1 };
}
