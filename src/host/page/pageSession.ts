import type { Received } from '../../protocol/messages.ts';
import { Refresh } from './refresh.ts';

/** What every page needs of the editor and the engine. */
export interface PagePorts<Data> {
  post(message: PageMessage<Data>): void;
  isTrusted(): boolean;
  fetch(): Promise<Data>;
  /** What to say of an error, and what to do next. */
  explain(error: unknown): { readonly message: string; readonly fix: string | null };
  /** Tells the user of something that was asked for and failed. */
  fail(error: unknown): void;
  warn(text: string): void;
}

/** What every page is sent once it listens. */
type PageMessage<Data> =
  | { readonly type: 'data'; readonly trusted: boolean; readonly data: Data }
  | { readonly type: 'error'; readonly message: string; readonly fix: string | null };

/** What every page says, besides words of its own: that it listens, and for the log what went wrong. */
type PageWord =
  | { readonly type: 'ready'; readonly protocol: number }
  | { readonly type: 'problem'; readonly text: string };

/**
 * The conversation with one page. Nothing is sent before the page says that it listens; what changes while it is hidden
 * is sent when it is there again.
 */
export abstract class PageSession<Word extends { readonly type: string }, Data> {
  /** For the log, e.g. `the benchmark view`. */
  protected abstract readonly name: string;
  protected abstract readonly protocol: number;
  readonly #ports: PagePorts<Data>;
  readonly #refresh: Refresh;
  #ready = false;
  #visible = true;
  #stale = true;

  constructor(ports: PagePorts<Data>) {
    this.#ports = ports;
    this.#refresh = new Refresh(() => this.#send());
  }

  protected abstract parse(raw: unknown): Received<Word | PageWord>;
  /** Sends what comes before the data; also after a reload of the page, which begins anew. */
  protected abstract begin(): void;
  protected abstract take(word: Exclude<Word, PageWord>): Promise<void>;

  /** The page listens, and can be seen. */
  protected get isSeen(): boolean {
    return this.#ready && this.#visible;
  }

  /** The data have changed. */
  async changed(): Promise<void> {
    this.#stale = true;
    await this.#refreshIfSeen();
  }

  /** A page that was hidden has lost what was sent to it. */
  async visible(visible: boolean): Promise<void> {
    this.#visible = visible;
    await this.#refreshIfSeen();
  }

  async receive(raw: unknown): Promise<void> {
    const received = this.parse(raw);
    if (!received.ok) {
      this.#ports.warn(`${this.name} sent something else than a message: ${received.problem}`);
      return;
    }
    try {
      await this.#hear(received.message);
    } catch (error) {
      this.#ports.fail(error);
    }
  }

  async #hear(word: Word | PageWord): Promise<void> {
    if (isPageWord(word, 'problem')) {
      this.#ports.warn(`${this.name}: ${word.text}`);
    } else if (!isPageWord(word, 'ready')) {
      await this.take(word as Exclude<Word, PageWord>);
    } else if (word.protocol !== this.protocol) {
      this.#ports.warn(`${this.name} speaks protocol ${word.protocol}, not ${this.protocol}`);
    } else {
      this.#ready = true;
      this.#stale = true;
      this.begin();
      await this.#refreshIfSeen();
    }
  }

  async #refreshIfSeen(): Promise<void> {
    if (this.isSeen && this.#stale) await this.#refresh.ask();
  }

  async #send(): Promise<void> {
    const ports = this.#ports;
    this.#stale = false;
    try {
      const data = await ports.fetch();
      ports.post({ type: 'data', trusted: ports.isTrusted(), data });
    } catch (error) {
      this.#stale = true;
      ports.post({ type: 'error', ...ports.explain(error) });
    }
  }
}

function isPageWord<T extends PageWord['type']>(
  word: { readonly type: string },
  type: T,
): word is Extract<PageWord, { type: T }> {
  return word.type === type;
}
