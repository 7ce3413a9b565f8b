import type { Memento } from 'vscode';
import * as z from 'zod';
import { acceptedLines, survival } from './survival.ts';

const key = 'annsmith.acceptedHunks';
/** Hunks watched at most, newest first. */
const mostWatched = 300;

const watchedSchema = z.object({
  root: z.string(),
  run: z.string(),
  candidate: z.string(),
  file: z.string(),
  hunk: z.string(),
  lines: z.array(z.object({ text: z.string(), copies: z.number(), elsewhere: z.number() })),
  /** Share of the lines that stood at the last save. */
  survival: z.number(),
});

type Watched = z.infer<typeof watchedSchema>;
export type AcceptedHunk = Pick<Watched, 'root' | 'run' | 'candidate' | 'file' | 'hunk'>;

/** Watches what becomes of accepted lines: at every save, in this window and in later ones. */
export class AcceptedHunks {
  readonly #state: Memento;
  #watched: readonly Watched[];

  constructor(state: Memento) {
    this.#state = state;
    this.#watched = z.array(watchedSchema).safeParse(state.get(key)).data ?? [];
  }

  get roots(): ReadonlySet<string> {
    return new Set(this.#watched.map(({ root }) => root));
  }

  /** `text` is the file's, right after the hunk was accepted. */
  add(hunk: AcceptedHunk, added: readonly string[], text: string): void {
    const watched = { ...hunk, lines: acceptedLines(added, text), survival: 1 };
    const others = this.#watched.filter((other) => !isSame(other, hunk));
    this.#set(watched.lines.length === 0 ? others : [watched, ...others].slice(0, mostWatched));
  }

  remove(hunk: AcceptedHunk): void {
    this.#set(this.#watched.filter((other) => !isSame(other, hunk)));
  }

  /** The hunks of the saved file whose lines have changed since the last save, with the share that is left. */
  saved(root: string, file: string, text: string): (AcceptedHunk & { survival: number })[] {
    const rewritten: Watched[] = [];
    const watched = this.#watched.map((hunk) => {
      if (hunk.root !== root || hunk.file !== file) return hunk;
      const share = survival(hunk.lines, text);
      const now = { ...hunk, survival: share };
      if (share !== hunk.survival && share < 1) rewritten.push(now);
      return now;
    });
    // Nothing is left to be rewritten of what is gone.
    this.#set(watched.filter((hunk) => hunk.survival > 0));
    return rewritten.map(({ lines: _, ...hunk }) => hunk);
  }

  #set(watched: readonly Watched[]): void {
    this.#watched = watched;
    void this.#state.update(key, watched);
  }
}

function isSame(a: AcceptedHunk, b: AcceptedHunk): boolean {
  return (
    a.root === b.root &&
    a.run === b.run &&
    a.candidate === b.candidate &&
    a.file === b.file &&
    a.hunk === b.hunk
  );
}
