import type { PolicyState } from '../../protocol/engine.ts';
import {
  type RoundsAction,
  type RoundsToHost,
  type RoundsToPage,
  receiveRoundsInHost,
  roundsProtocolVersion,
} from '../../protocol/roundsMessages.ts';
import { Refresh } from '../page/refresh.ts';

/** What the page needs of the editor and the engine. */
export interface RoundsPorts {
  post(message: RoundsToPage): void;
  /** The first message: texts and language. */
  init(): Omit<Extract<RoundsToPage, { type: 'init' }>, 'type' | 'protocol'>;
  isTrusted(): boolean;
  fetch(): Promise<PolicyState>;
  /** What to say of an error, and what to do next. */
  explain(error: unknown): { readonly message: string; readonly fix: string | null };
  promote(version: string): Promise<void>;
  act(action: Exclude<RoundsAction, 'retry'>): Promise<void>;
  /** Tells the user of something that was asked for and failed. */
  fail(error: unknown): void;
  warn(text: string): void;
}

/**
 * The conversation with the page of rounds. Nothing is sent before the page says that it listens; what changes while it is
 * hidden is sent when it is there again.
 */
export class RoundsSession {
  readonly #ports: RoundsPorts;
  readonly #refresh: Refresh;
  #ready = false;
  #visible = true;
  #stale = true;

  constructor(ports: RoundsPorts) {
    this.#ports = ports;
    this.#refresh = new Refresh(() => this.#send());
  }

  /** The versions or the rounds have changed. */
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
    const received = receiveRoundsInHost(raw);
    if (!received.ok) {
      this.#ports.warn(`the view of rounds sent something else than a message: ${received.problem}`);
      return;
    }
    try {
      await this.#take(received.message);
    } catch (error) {
      this.#ports.fail(error);
    }
  }

  async #take(message: RoundsToHost): Promise<void> {
    const ports = this.#ports;
    switch (message.type) {
      case 'ready':
        if (message.protocol !== roundsProtocolVersion) {
          ports.warn(`the view of rounds speaks protocol ${message.protocol}, not ${roundsProtocolVersion}`);
          return;
        }
        // Also after a reload of the page, which begins anew.
        this.#ready = true;
        this.#stale = true;
        ports.post({ type: 'init', protocol: roundsProtocolVersion, ...ports.init() });
        await this.#refreshIfSeen();
        return;
      case 'promote':
        return ports.promote(message.version);
      case 'do':
        if (message.action !== 'retry') return ports.act(message.action);
        return this.changed();
      case 'problem':
        ports.warn(`the view of rounds: ${message.text}`);
    }
  }

  async #refreshIfSeen(): Promise<void> {
    if (this.#ready && this.#visible && this.#stale) await this.#refresh.ask();
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
