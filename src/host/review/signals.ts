import type { LogOutputChannel } from 'vscode';
import type { ParamsOf } from '../../protocol/engine.ts';
import type { Engine } from '../feature.ts';

export type Signal = ParamsOf<'annsmith/signal'>;

/** Sends what became of hunks to the ledger, in order. A signal that is lost costs a line of the log, not the work. */
export class Signals {
  readonly #engine: Pick<Engine, 'request'>;
  readonly #log: Pick<LogOutputChannel, 'warn'>;
  #last: Promise<void> = Promise.resolve();

  constructor(engine: Pick<Engine, 'request'>, log: Pick<LogOutputChannel, 'warn'>) {
    this.#engine = engine;
    this.#log = log;
  }

  send(signal: Signal): void {
    this.#last = this.#last.then(async () => {
      try {
        await this.#engine.request('annsmith/signal', signal);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#log.warn(`the signal "${signal.signal}" of a hunk in ${signal.file} was not recorded: ${why}`);
      }
    });
  }

  /** Settles once everything sent so far has been answered. */
  idle(): Promise<void> {
    return this.#last;
  }
}
