const delaysMs = [500, 1000, 2000, 4000, 8000] as const;
const quietMs = 60_000;

/** When to start a server again that has ended by itself: later each time, until it has been quiet for a minute. */
export class RestartSchedule {
  #failures = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** Milliseconds to wait after a failure at `now`; undefined: it has failed too often in a row. */
  next(now: number): number | undefined {
    if (now - this.#last > quietMs) this.#failures = 0;
    this.#last = now;
    this.#failures += 1;
    return delaysMs[this.#failures - 1];
  }

  reset(): void {
    this.#failures = 0;
    this.#last = Number.NEGATIVE_INFINITY;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }
}
