import type { Memento } from 'vscode';
import * as z from 'zod';
import type { CandidateRef, Decisions, ReviewSession } from './session.ts';

const key = 'annsmith.review';

const schema = z.object({
  root: z.string(),
  run: z.string(),
  candidate: z.string(),
  decisions: z.record(z.string(), z.record(z.string(), z.enum(['open', 'accepted', 'rejected']))),
});

export interface Remembered {
  readonly ref: CandidateRef;
  readonly decisions: Decisions;
}

/** The open review in the workspace's state: what is needed to open it again in the next window. */
export class ReviewMemory {
  readonly #state: Memento;
  /** What was written last, as text: most changes of a review decide nothing. */
  #kept: string | undefined;

  constructor(state: Memento) {
    this.#state = state;
  }

  read(): Remembered | undefined {
    const { success, data } = schema.safeParse(this.#state.get(key));
    if (!success) return undefined;
    const { decisions, ...ref } = data;
    return { ref, decisions };
  }

  /** Only what is still to be decided is worth opening again. */
  async keep(session: ReviewSession): Promise<void> {
    const remembered =
      session.counts.pending > 0 ? { ...session.ref, decisions: session.decisions } : undefined;
    await this.#write(remembered);
  }

  async forget(): Promise<void> {
    await this.#write(undefined);
  }

  async #write(remembered: object | undefined): Promise<void> {
    const text = JSON.stringify(remembered ?? null);
    if (text === this.#kept) return;
    this.#kept = text;
    await this.#state.update(key, remembered);
  }
}
