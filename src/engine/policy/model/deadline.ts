import type { ModelTimeouts, Wait } from './openAiOptions.ts';

export type PassedLimit = keyof ModelTimeouts;

/** Ends a request that is silent or that takes too long. `close` it in the end: its timers run until then. */
export class Deadline {
  readonly #timeouts: ModelTimeouts;
  readonly #wait: Wait;
  readonly #request = new AbortController();
  readonly #closed = new AbortController();
  #silence = new AbortController();
  #passed: PassedLimit | null = null;
  /** Aborted when a limit has passed or when the parent is. */
  readonly signal: AbortSignal;

  constructor(parent: AbortSignal, timeouts: ModelTimeouts, wait: Wait) {
    this.#timeouts = timeouts;
    this.#wait = wait;
    this.signal = AbortSignal.any([parent, this.#request.signal]);
    this.#arm('total', this.#closed);
    this.#arm('firstToken', this.#silence);
  }

  /** The limit that ended the request. */
  get passed(): PassedLimit | null {
    return this.#passed;
  }

  /** Something came. */
  touch(): void {
    this.#silence.abort();
    this.#silence = new AbortController();
    if (!this.#closed.signal.aborted) this.#arm('stall', this.#silence);
  }

  close(): void {
    this.#closed.abort();
    this.#silence.abort();
  }

  #arm(limit: PassedLimit, cancel: AbortController): void {
    void this.#wait(this.#timeouts[limit], cancel.signal).then(
      () => {
        if (cancel.signal.aborted || this.#passed !== null) return;
        this.#passed = limit;
        this.#request.abort();
      },
      // Cancelled: what it watched has come.
      () => undefined,
    );
  }
}
