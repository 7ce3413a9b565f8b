import { place, type Refusal, type Standing } from './anchor.ts';
import { follow, judge, type TextChange } from './follow.ts';
import { type Hunk, hunksBetween } from './hunks.ts';
import { splitLines, withLineEnds } from './lines.ts';

/** What the user said about a hunk. */
export type Decision = 'open' | 'accepted' | 'rejected';

/** Something that happened to a hunk by undo or redo. */
export interface Transition {
  readonly file: string;
  readonly hunk: Hunk;
  readonly signal: 'undone' | 'accepted';
}

/** How a change came about: by undo or redo, or by putting the file back to what is on disk. */
export type ChangeReason = 'undo' | 'redo' | 'revert' | undefined;

/** An edit that accepts a hunk: `start..end` becomes `text`. */
export interface AcceptEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export type Eol = '\n' | '\r\n';

/** Texts whose places are remembered. */
const mostRemembered = 100;

/** The hunks of one file: where they stand in its text as it is now, and what was decided about them. */
export class FileReview {
  /** Relative to the root. */
  readonly file: string;
  readonly #base: string;
  readonly #candidate: string;
  #eol: Eol = '\n';
  #lines: readonly string[];
  #hunks: readonly Hunk[];
  #decisions: Decision[];
  #standings: readonly Standing[];
  /** Keys of hunks that an undo took out again: a redo brings them back. */
  readonly #undone = new Set<string>();
  /** The document's text; null where there is none. */
  #text: string | null = null;
  /** Places by text, oldest first: an undo that brings a text back brings back the places that the hunks had in it. */
  readonly #earlier = new Map<string, readonly Standing[]>();

  constructor(file: string, base: string, candidate: string) {
    this.file = file;
    this.#base = base;
    this.#candidate = candidate;
    this.#lines = [];
    this.#hunks = [];
    this.#standings = [];
    this.#compare('\n');
    this.#decisions = this.#hunks.map(() => 'open');
    this.missing();
  }

  get hunks(): readonly Hunk[] {
    return this.#hunks;
  }

  get text(): string | null {
    return this.#text;
  }

  decision(hunk: number): Decision {
    return this.#decisions[hunk]!;
  }

  standing(hunk: number): Standing {
    return this.#standings[hunk]!;
  }

  /** It can be accepted or rejected. */
  isPending(hunk: number): boolean {
    return this.#decisions[hunk] === 'open' && this.#standings[hunk]!.kind === 'anchored';
  }

  /** Why it cannot be accepted, where it has not been decided about. */
  refusal(hunk: number): Refusal | undefined {
    const standing = this.#standings[hunk]!;
    return this.#decisions[hunk] === 'open' && standing.kind === 'refused' ? standing.reason : undefined;
  }

  /** Takes up decisions made earlier, before the text is known. */
  restore(decisions: Readonly<Record<string, Decision>>): void {
    this.#decisions = this.#hunks.map(({ key }) => decisions[key] ?? 'open');
  }

  decide(hunk: number, decision: Decision): void {
    this.#decisions[hunk] = decision;
    this.#undone.delete(this.#hunks[hunk]!.key);
  }

  /** There is no such file (any more). */
  missing(): void {
    this.#text = null;
    this.#standings = this.#hunks.map(() => ({ kind: 'refused', start: 0, end: 0, reason: 'missing' }));
  }

  /**
   * Finds the hunks in a text seen for the first time, or again after a gap. Hunks that were accepted and are not in it
   * any more are pending again.
   */
  open(text: string, eol: Eol): Transition[] {
    if (eol !== this.#eol) this.#compare(eol);
    this.#text = text;
    this.#stand(this.#placed(text));
    return this.#hunks.flatMap((_, i) => this.#takenBack(i));
  }

  /** Follows changes of the text; they are in the order in which they were made, or from the last place to the first. */
  change(changes: readonly TextChange[], text: string, eol: Eol, reason: ChangeReason): Transition[] {
    if (this.#text === null || eol !== this.#eol) return this.open(text, eol);
    this.#text = text;
    const after = (reason && this.#earlier.get(text)) ?? this.#followed(changes, text, reason);
    this.#stand(after);
    return this.#hunks.flatMap((hunk, i): Transition[] => {
      if (reason === 'undo' || reason === 'revert') return this.#takenBack(i);
      if (reason === 'redo' && this.#undone.has(hunk.key) && after[i]!.kind === 'applied') {
        this.decide(i, 'accepted');
        return [{ file: this.file, hunk, signal: 'accepted' }];
      }
      return [];
    });
  }

  /** What accepting a pending hunk changes. */
  acceptEdit(hunk: number): AcceptEdit {
    const { start, end } = this.#standings[hunk]!;
    return { start, end, text: this.#hunks[hunk]!.added.join('') };
  }

  /** Looks again before hunks are accepted: one may have been typed by hand, next to lines that it would have changed. */
  recheck(): void {
    if (this.#text === null) return;
    const found = this.#placed(this.#text);
    this.#stand(
      this.#standings.map((standing, i) =>
        this.isPending(i) && found[i]!.kind === 'applied' ? found[i]! : standing,
      ),
    );
  }

  /** The text with every pending hunk accepted, and where the hunks stand in it. */
  merged(): { readonly text: string; readonly ranges: ReadonlyMap<number, { start: number; end: number }> } {
    const text = this.#text ?? '';
    const ranges = new Map<number, { start: number; end: number }>();
    let made = '';
    let at = 0;
    const pending = this.#hunks.flatMap((_, i) => (this.isPending(i) ? [i] : []));
    for (const i of pending.sort((a, b) => this.standing(a).start - this.standing(b).start)) {
      const edit = this.acceptEdit(i);
      made += text.slice(at, edit.start);
      ranges.set(i, { start: made.length, end: made.length + edit.text.length });
      made += edit.text;
      at = edit.end;
    }
    return { text: made + text.slice(at), ranges };
  }

  #compare(eol: Eol): void {
    this.#eol = eol;
    const base = withLineEnds(this.#base, eol);
    this.#lines = splitLines(base);
    this.#hunks = hunksBetween(base, withLineEnds(this.#candidate, eol));
    this.#earlier.clear();
  }

  #followed(changes: readonly TextChange[], text: string, reason: ChangeReason): Standing[] {
    const retry = new Set<number>();
    const after: Standing[] = this.#standings.map((standing, i) => {
      const followed = follow(standing, changes);
      const { start, end, touched } = followed;
      // What made a place unknown may be taken back from outside of it.
      if (standing.kind === 'refused' && reason !== undefined) retry.add(i);
      if (!touched) return { ...standing, start, end };
      const judged = judge(this.#hunks[i]!, text, followed, standing.kind);
      if (judged === undefined) retry.add(i);
      return judged ?? { kind: 'refused', start, end, reason: this.#reason(i) };
    });
    for (const i of outOfOrder(after)) {
      retry.add(i);
      after[i] = { ...after[i]!, kind: 'refused', reason: this.#reason(i) };
    }
    if (retry.size > 0) {
      const found = this.#placed(text);
      for (const i of retry) if (fitsBetween(found[i]!, i, after)) after[i] = found[i]!;
    }
    return after;
  }

  #stand(standings: readonly Standing[]): void {
    this.#standings = standings;
    if (this.#text === null) return;
    this.#earlier.delete(this.#text);
    this.#earlier.set(this.#text, standings);
    if (this.#earlier.size > mostRemembered) this.#earlier.delete(this.#earlier.keys().next().value!);
  }

  #placed(text: string): Standing[] {
    const accepted = new Set(this.#hunks.filter((_, i) => this.#decisions[i] === 'accepted'));
    return place(this.#lines, this.#hunks, text, (hunk) => accepted.has(hunk));
  }

  #takenBack(i: number): Transition[] {
    if (this.#decisions[i] !== 'accepted' || this.#standings[i]!.kind !== 'anchored') return [];
    const hunk = this.#hunks[i]!;
    this.decide(i, 'open');
    this.#undone.add(hunk.key);
    return [{ file: this.file, hunk, signal: 'undone' }];
  }

  #reason(i: number): Refusal {
    return this.#hunks[i]!.removed.length === 0 ? 'inserted' : 'edited';
  }
}

/** Hunks whose places overlap, or stand in another order than in the base. */
function outOfOrder(standings: readonly Standing[]): number[] {
  const known = standings.flatMap((standing, i) => (standing.kind === 'refused' ? [] : [i]));
  return known.filter((i) => !fitsBetween(standings[i]!, i, standings));
}

/** A place found by comparing texts counts only where it keeps the hunks in order: the others were followed exactly. */
function fitsBetween(found: Standing, i: number, standings: readonly Standing[]): boolean {
  return (
    found.kind !== 'refused' &&
    standings.every((other, k) => {
      if (k === i || other.kind === 'refused') return true;
      return k < i ? other.end <= found.start : other.start >= found.end;
    })
  );
}
