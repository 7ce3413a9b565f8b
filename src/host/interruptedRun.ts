import * as vscode from 'vscode';
import * as z from 'zod';
import { type ModuleName, moduleNames } from '../protocol/module.ts';
import type { Engine, Runs, Store } from './feature.ts';
import { reportError } from './reportError.ts';
import { modulesTitle } from './runText.ts';

const key = 'annsmith.run';
const rememberedSchema = z.object({
  root: z.string(),
  run: z.string(),
  modules: z.array(z.enum(moduleNames)),
});

export interface RememberedRun {
  readonly root: string;
  readonly run: string;
  readonly modules: readonly ModuleName[];
}

interface InterruptedRunOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly log: vscode.LogOutputChannel;
  readonly memento: vscode.Memento;
  readonly runs: Runs;
}

/** After a terminal was closed: a window that lives this much longer is not being reloaded. */
const reloadMs = 5000;

/** Remembers the run that is going on, and offers to resume it when it turns out to have been cut off. */
export class InterruptedRun implements vscode.Disposable {
  readonly #options: InterruptedRunOptions;
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: InterruptedRunOptions) {
    this.#options = options;
    this.#subscription = options.store.onChange((topic) => {
      if (topic === 'runs') void this.#check();
    });
  }

  remember(run: RememberedRun): void {
    clearTimeout(this.#timer);
    void this.#options.memento.update(key, run);
  }

  forget(): void {
    clearTimeout(this.#timer);
    void this.#options.memento.update(key, undefined);
  }

  forgetUnlessReloading(): void {
    this.#timer = setTimeout(() => this.forget(), reloadMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }

  async #check(): Promise<void> {
    const { memento, store, runs, log } = this.#options;
    const parsed = rememberedSchema.safeParse(memento.get<unknown>(key));
    if (!parsed.success || runs.active !== undefined || this.#timer !== undefined) return;
    const { root, run, modules } = parsed.data;
    const known = store.runsOf(root).find(({ id }) => id === run);
    // Not written down yet, or still going on in the server of before.
    if (known === undefined || known.status === 'active') return;
    this.forget();
    if (known.status === 'done') return;
    const resume = vscode.l10n.t('Resume');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('The run on {0} was interrupted.', modulesTitle(modules, vscode.l10n)),
      resume,
      vscode.l10n.t('Dismiss'),
    );
    if (answer !== resume) return;
    await runs.resume(root, run).catch((error: unknown) => reportError(log, error));
  }
}
