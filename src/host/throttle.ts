/** Calls through at once, then at most once per interval; the last call is never lost. */
export class Throttle {
  readonly #work: () => void;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;

  constructor(work: () => void, intervalMs: number) {
    this.#work = work;
    this.#intervalMs = intervalMs;
  }

  call(): void {
    if (this.#timer !== undefined) {
      this.#isDue = true;
      return;
    }
    this.now();
  }

  /** Calls through whatever the interval says. */
  now(): void {
    this.dispose();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isDue) this.now();
    }, this.#intervalMs);
    this.#work();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
  }
}
