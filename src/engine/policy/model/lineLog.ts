/** Gathers streamed pieces of several answers into whole lines, each told with the answer that it is of. */
export class LineLog {
  readonly #onLine: (line: string) => void;
  readonly #label: string;
  readonly #open = new Map<number, string>();

  constructor(onLine: (line: string) => void, label: string) {
    this.#onLine = onLine;
    this.#label = label;
  }

  text(index: number, piece: string): void {
    const lines = `${this.#open.get(index) ?? ''}${piece}`.split('\n');
    this.#open.set(index, lines.pop() ?? '');
    for (const line of lines) this.line(line, index);
  }

  line(text: string, index?: number): void {
    this.#onLine(`${this.#label}${index === undefined ? '' : ` ${index + 1}`} | ${text}`);
  }

  /** Tells the last lines, which no line end follows. */
  end(): void {
    for (const [index, rest] of this.#open) if (rest !== '') this.line(rest, index);
    this.#open.clear();
  }
}
