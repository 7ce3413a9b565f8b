/** How far the page is scrolled: kept as it changes, and restored once, when what was scrolled is there again. */
export class KeptScroll {
  #isRestored = false;

  constructor(keep: (top: number) => void) {
    const scrolled = (): void => {
      if (this.#isRestored) keep(Math.max(0, scrollY));
    };
    addEventListener('scroll', scrolled, { passive: true });
  }

  restore(top: number): void {
    if (this.#isRestored) return;
    scrollTo({ top, behavior: 'instant' });
    this.#isRestored = true;
  }
}
