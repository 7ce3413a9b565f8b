/** Does a piece of work again after something changed: never twice at a time, and once for all changes during a run of it. */
export class Refresh {
  readonly #work: () => Promise<void>;
  #due = false;
  #running: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves once the work was done with everything that had changed by now. */
  ask(): Promise<void> {
    this.#due = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#due) {
        this.#due = false;
        await this.#work();
      }
    } finally {
      this.#running = undefined;
    }
  }
}
