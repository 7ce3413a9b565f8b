import {
  type CurvesTarget,
  curvesProtocolVersion,
  type PageAction,
  receiveInHost,
  type ToHost,
  type ToPage,
} from '../../protocol/curvesMessages.ts';
import type { CurvesData } from '../../protocol/engine.ts';
import { type PagePorts, PageSession } from '../page/pageSession.ts';

/** What the benchmark view needs of the editor and the engine. */
export interface PanelPorts extends PagePorts<CurvesData> {
  post(message: ToPage): void;
  /** The first message: texts and language. */
  init(): Omit<Extract<ToPage, { type: 'init' }>, 'type' | 'protocol'>;
  /** Asks where to, and writes; undefined where the user did not want to. */
  save(message: Extract<ToHost, { type: 'export' }>): Promise<string | undefined>;
  copy(text: string): Promise<void>;
  review(run: string, candidate: string): Promise<void>;
  openDiff(run: string, candidate: string): Promise<void>;
  openReport(run: string): Promise<void>;
  act(action: Exclude<PageAction, 'retry'>): Promise<void>;
}

type Word = Exclude<ToHost, { type: 'ready' | 'problem' }>;

/** The conversation with the benchmark view. */
export class PanelSession extends PageSession<Word, CurvesData> {
  protected readonly name = 'the benchmark view';
  protected readonly protocol = curvesProtocolVersion;
  protected readonly parse = receiveInHost;
  readonly #ports: PanelPorts;
  #target: CurvesTarget | undefined;

  constructor(ports: PanelPorts) {
    super(ports);
    this.#ports = ports;
  }

  select(target: CurvesTarget): void {
    this.#target = target;
    if (this.isSeen) this.#sendTarget();
  }

  protected begin(): void {
    this.#ports.post({ type: 'init', protocol: curvesProtocolVersion, ...this.#ports.init() });
    this.#sendTarget();
  }

  protected async take(word: Word): Promise<void> {
    const ports = this.#ports;
    switch (word.type) {
      case 'export': {
        const file = await ports.save(word);
        if (file !== undefined) ports.post({ type: 'saved', file });
        return;
      }
      case 'copy':
        await ports.copy(word.text);
        ports.post({ type: 'copied' });
        return;
      case 'review':
        return ports.review(word.run, word.candidate);
      case 'openDiff':
        return ports.openDiff(word.run, word.candidate);
      case 'openReport':
        return ports.openReport(word.run);
      case 'do':
        if (word.action !== 'retry') return ports.act(word.action);
        return this.changed();
    }
  }

  #sendTarget(): void {
    if (this.#target === undefined) return;
    this.#ports.post({ type: 'select', target: this.#target });
    this.#target = undefined;
  }
}
