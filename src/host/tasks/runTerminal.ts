import * as vscode from 'vscode';
import { EngineError } from '../engine/errors.ts';
import { roundText } from '../grpo/roundText.ts';
import { errorLine } from '../reportError.ts';
import type { RunEnd, RunWork } from '../runs.ts';
import { gainText, modulesTitle } from '../runText.ts';
import { asCompilerLine, RunScreen } from './runScreen.ts';

const exitCodes: Readonly<Record<RunEnd['kind'], number>> = {
  done: 0,
  trained: 0,
  failed: 1,
  stopped: 1,
  busy: 1,
  cancelled: 130,
};
const interrupt = '\x03';

/** The terminal of a task: shows the run while it goes on; Ctrl+C and closing the terminal cancel it. */
export class RunTerminal implements vscode.Pseudoterminal {
  readonly #work: RunWork | string;
  readonly #onWrite = new vscode.EventEmitter<string>();
  readonly #onClose = new vscode.EventEmitter<number>();
  readonly #cancellation = new vscode.CancellationTokenSource();
  readonly #screen = new RunScreen(
    (data) => this.#onWrite.fire(data),
    vscode.l10n,
    () => performance.now(),
  );
  #wasClosed = false;
  readonly onDidWrite = this.#onWrite.event;
  readonly onDidClose = this.#onClose.event;

  /** `work` is what to do, or what is wrong with the task. */
  constructor(work: RunWork | string) {
    this.#work = work;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    if (dimensions !== undefined) this.setDimensions(dimensions);
    void this.#run().then((code) => {
      this.#onClose.fire(code);
      this.#cancellation.dispose();
    });
  }

  setDimensions({ columns }: vscode.TerminalDimensions): void {
    this.#screen.columns = columns;
  }

  handleInput(data: string): void {
    if (data.includes(interrupt)) this.#cancellation.cancel();
  }

  close(): void {
    this.#wasClosed = true;
    this.#cancellation.cancel();
  }

  async #run(): Promise<number> {
    const screen = this.#screen;
    if (typeof this.#work === 'string') {
      screen.end(this.#work);
      return 1;
    }
    const ticking = setInterval(() => screen.tick(), 1000);
    try {
      const end = await this.#work({
        screen,
        token: this.#cancellation.token,
        wasClosed: () => this.#wasClosed,
      });
      screen.end(lastWords(end));
      return exitCodes[end.kind];
    } finally {
      clearInterval(ticking);
    }
  }
}

function lastWords(end: RunEnd): string {
  switch (end.kind) {
    case 'done': {
      const { gain, speedup } = end.outcome;
      return gain === null
        ? vscode.l10n.t('{0}: no gain was confirmed', modulesTitle(end.modules, vscode.l10n))
        : gainText(end.modules, gain, speedup, vscode.l10n);
    }
    case 'trained':
      return end.report.rounds.map((round) => roundText(round, vscode.l10n)).join('\n');
    case 'cancelled':
      return end.isTraining
        ? vscode.l10n.t('Cancelled. The next round goes on from here.')
        : vscode.l10n.t('Cancelled. The run can be resumed in the Candidates view.');
    case 'stopped':
      if (end.isTraining) return vscode.l10n.t('The engine server ended. The next round goes on from here.');
      return vscode.l10n.t('The engine server ended. The run can be resumed in the Candidates view.');
    case 'busy':
      return vscode.l10n.t('Another run of this window is going on. Timing is exclusive: one at a time.');
    case 'failed':
      return end.error instanceof EngineError
        ? `${asCompilerLine(end.error.message)}\n${end.error.fix}`
        : errorLine(end.error);
  }
}
