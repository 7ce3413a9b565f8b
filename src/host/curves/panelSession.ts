import {
  type CurvesTarget,
  curvesProtocolVersion,
  type PageAction,
  receiveInHost,
  type ToHost,
  type ToPage,
} from '../../protocol/curvesMessages.ts';
import type { CurvesData } from '../../protocol/engine.ts';
import { Refresh } from '../page/refresh.ts';

/** What a page needs of the editor and the engine. */
export interface PanelPorts {
  post(message: ToPage): void;
  /** The first message: texts and language. */
  init(): Omit<Extract<ToPage, { type: 'init' }>, 'type' | 'protocol'>;
  isTrusted(): boolean;
  fetch(): Promise<CurvesData>;
  /** What to say of an error, and what to do next. */
  explain(error: unknown): { readonly message: string; readonly fix: string | null };
  /** Asks where to, and writes; undefined where the user did not want to. */
  save(message: Extract<ToHost, { type: 'export' }>): Promise<string | undefined>;
  copy(text: string): Promise<void>;
  review(run: string, candidate: string): Promise<void>;
  openDiff(run: string, candidate: string): Promise<void>;
  openReport(run: string): Promise<void>;
  act(action: Exclude<PageAction, 'retry'>): Promise<void>;
  /** Tells the user of something that was asked for and failed. */
  fail(error: unknown): void;
  warn(text: string): void;
}

/**
 * The conversation with one page. Nothing is sent before the page says that it listens; what changes while it is hidden
 * is sent when it is there again.
 */
export class PanelSession {
  readonly #ports: PanelPorts;
  readonly #refresh: Refresh;
  #ready = false;
  #visible = true;
  #stale = true;
  #target: CurvesTarget | undefined;

  constructor(ports: PanelPorts) {
    this.#ports = ports;
    this.#refresh = new Refresh(() => this.#send());
  }

  /** The runs have changed. */
  async changed(): Promise<void> {
    this.#stale = true;
    await this.#refreshIfSeen();
  }

  /** A page that was hidden has lost what was sent to it. */
  async visible(visible: boolean): Promise<void> {
    this.#visible = visible;
    await this.#refreshIfSeen();
  }

  select(target: CurvesTarget): void {
    this.#target = target;
    if (this.#ready && this.#visible) this.#sendTarget();
  }

  async receive(raw: unknown): Promise<void> {
    const received = receiveInHost(raw);
    if (!received.ok) {
      this.#ports.warn(`the benchmark view sent something else than a message: ${received.problem}`);
      return;
    }
    try {
      await this.#take(received.message);
    } catch (error) {
      this.#ports.fail(error);
    }
  }

  async #take(message: ToHost): Promise<void> {
    const ports = this.#ports;
    switch (message.type) {
      case 'ready':
        if (message.protocol !== curvesProtocolVersion) {
          ports.warn(`the benchmark view speaks protocol ${message.protocol}, not ${curvesProtocolVersion}`);
          return;
        }
        // Also after a reload of the page, which begins anew.
        this.#ready = true;
        this.#stale = true;
        ports.post({ type: 'init', protocol: curvesProtocolVersion, ...ports.init() });
        this.#sendTarget();
        await this.#refreshIfSeen();
        return;
      case 'export': {
        const file = await ports.save(message);
        if (file !== undefined) ports.post({ type: 'saved', file });
        return;
      }
      case 'copy':
        await ports.copy(message.text);
        ports.post({ type: 'copied' });
        return;
      case 'review':
        return ports.review(message.run, message.candidate);
      case 'openDiff':
        return ports.openDiff(message.run, message.candidate);
      case 'openReport':
        return ports.openReport(message.run);
      case 'do':
        if (message.action !== 'retry') return ports.act(message.action);
        return this.changed();
      case 'problem':
        ports.warn(`the benchmark view: ${message.text}`);
    }
  }

  #sendTarget(): void {
    if (this.#target === undefined) return;
    this.#ports.post({ type: 'select', target: this.#target });
    this.#target = undefined;
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
