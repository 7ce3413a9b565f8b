import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { Measured } from '../protocol/engine.ts';
import type { Engine } from './feature.ts';
import { howFar } from './runText.ts';
import { benchmarkSeconds, runSettings } from './settings.ts';

/** Benchmarks of a folder as it is, with a notification that shows how far they are. */
export class Benchmarks implements vscode.Disposable {
  readonly #engine: Engine;
  readonly #onChange = new vscode.EventEmitter<void>();
  readonly onChange = this.#onChange.event;
  #measuring: { readonly root: string; readonly far: string } | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The benchmark that is going on. */
  get measuring(): { readonly root: string; readonly far: string } | undefined {
    return this.#measuring;
  }

  /** Undefined where another one is going on. @throws CancellationError when it was cancelled. */
  async run(root: string, name: string): Promise<Measured | undefined> {
    if (this.#measuring !== undefined) return undefined;
    this.#show({ root, far: '' });
    try {
      return await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t('Benchmarking {0}', name),
          cancellable: true,
        },
        (progress, token) => this.#measure(root, progress, token),
      );
    } finally {
      this.#show(undefined);
    }
  }

  dispose(): void {
    this.#onChange.dispose();
  }

  async #measure(
    root: string,
    progress: vscode.Progress<{ readonly message?: string; readonly increment?: number }>,
    token: vscode.CancellationToken,
  ): Promise<Measured> {
    const job = randomUUID();
    let shown = 0;
    const listener = this.#engine.onEvent((event) => {
      if (event.kind !== 'progress' || event.job !== job) return;
      const { fraction = 0, message } = event;
      const increment = Math.max(0, fraction * 100 - shown);
      shown += increment;
      progress.report({ message, increment });
      this.#show({ root, far: howFar(event, vscode.l10n) });
    });
    try {
      const scope = vscode.Uri.file(root);
      const { dataset } = runSettings(scope);
      const params = {
        root,
        job,
        dataset: dataset === '' ? null : dataset,
        seconds: benchmarkSeconds(scope),
      };
      return await this.#engine.request('annsmith/bench', params, token);
    } finally {
      listener.dispose();
    }
  }

  #show(measuring: { readonly root: string; readonly far: string } | undefined): void {
    this.#measuring = measuring;
    this.#onChange.fire();
  }
}
