import type { PolicyState } from '../../protocol/engine.ts';
import {
  type RoundsAction,
  type RoundsToHost,
  type RoundsToPage,
  receiveRoundsInHost,
  roundsProtocolVersion,
} from '../../protocol/roundsMessages.ts';
import { type PagePorts, PageSession } from '../page/pageSession.ts';

/** What the page of rounds needs of the editor and the engine. */
export interface RoundsPorts extends PagePorts<PolicyState> {
  post(message: RoundsToPage): void;
  /** The first message: texts and language. */
  init(): Omit<Extract<RoundsToPage, { type: 'init' }>, 'type' | 'protocol'>;
  promote(version: string): Promise<void>;
  act(action: Exclude<RoundsAction, 'retry'>): Promise<void>;
}

type Word = Exclude<RoundsToHost, { type: 'ready' | 'problem' }>;

/** The conversation with the page of rounds. */
export class RoundsSession extends PageSession<Word, PolicyState> {
  protected readonly name = 'the view of rounds';
  protected readonly protocol = roundsProtocolVersion;
  protected readonly parse = receiveRoundsInHost;
  readonly #ports: RoundsPorts;

  constructor(ports: RoundsPorts) {
    super(ports);
    this.#ports = ports;
  }

  protected begin(): void {
    this.#ports.post({ type: 'init', protocol: roundsProtocolVersion, ...this.#ports.init() });
  }

  protected async take(word: Word): Promise<void> {
    if (word.type === 'promote') return this.#ports.promote(word.version);
    if (word.action !== 'retry') return this.#ports.act(word.action);
    return this.changed();
  }
}
