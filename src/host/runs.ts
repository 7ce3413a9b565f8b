import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { EngineEvent, RunOutcome } from '../protocol/engine.ts';
import type { GrpoReport } from '../protocol/grpo.ts';
import { type ModuleName, moduleNames } from '../protocol/module.ts';
import { askRun } from './askRun.ts';
import { EngineStopped } from './engine/errors.ts';
import { requireTrust } from './engine/trust.ts';
import type { ActiveRun, Engine, Runs, Store } from './feature.ts';
import { InterruptedRun } from './interruptedRun.ts';
import { announce } from './runNotice.ts';
import { activeTitle } from './runText.ts';
import { runTask } from './tasks/annsmithTask.ts';
import { moduleField, type RunOrder } from './tasks/definition.ts';
import type { RunScreen } from './tasks/runScreen.ts';
import { Throttle } from './throttle.ts';

/** Where a run shows itself, and what may end it. */
export interface RunStage {
  readonly screen: RunScreen;
  readonly token: vscode.CancellationToken;
  /** The terminal was closed, which a reload of the window does, too. */
  readonly wasClosed: () => boolean;
}

export type RunWork = (stage: RunStage) => Promise<RunEnd>;

export type RunEnd =
  | { readonly kind: 'done'; readonly modules: readonly ModuleName[]; readonly outcome: RunOutcome }
  | { readonly kind: 'trained'; readonly report: GrpoReport }
  | { readonly kind: 'cancelled'; readonly isTraining: boolean }
  /** The server ended. */
  | { readonly kind: 'stopped'; readonly isTraining: boolean }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'busy' };

export interface RunsOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly log: vscode.LogOutputChannel;
  readonly memento: vscode.Memento;
}

/** Views need no more than this. */
const changeIntervalMs = 100;

/** The runs of this window: one at a time, each in a task, remembered over a reload and a crash of the server. */
export class WindowRuns implements Runs, vscode.Disposable {
  readonly #options: RunsOptions;
  readonly #onChange = new vscode.EventEmitter<void>();
  readonly onChange = this.#onChange.event;
  readonly #changed = new Throttle(() => this.#onChange.fire(), changeIntervalMs);
  readonly #interrupted: InterruptedRun;
  #active: ActiveRun | undefined;
  #cancellation: vscode.CancellationTokenSource | undefined;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#interrupted = new InterruptedRun({ ...options, runs: this });
  }

  get active(): ActiveRun | undefined {
    return this.#active;
  }

  async optimize(request: {
    readonly root: string;
    readonly modules: readonly ModuleName[];
    readonly ask?: boolean;
  }): Promise<void> {
    requireTrust();
    const { root, modules, ask = true } = request;
    if (this.#refuseSecond()) return;
    const { engine, store, memento } = this.#options;
    const choice = ask ? await askRun({ engine, store, memento, root, modules }) : undefined;
    if (ask && choice === undefined) return;
    await this.#start(root, { module: moduleField(modules), ...choice });
  }

  async resume(root: string, run: string): Promise<void> {
    requireTrust();
    if (this.#refuseSecond()) return;
    const known = this.#options.store.runsOf(root).find(({ id }) => id === run);
    await this.#start(root, { module: moduleField(known?.modules ?? []), resume: run });
  }

  async train(
    root: string,
    { grpo, rounds }: { readonly grpo: 'online' | 'offline'; readonly rounds: number },
  ): Promise<void> {
    requireTrust();
    if (this.#refuseSecond()) return;
    await this.#start(root, { module: 'all', grpo, rounds });
  }

  /** The modules that have regions; every one where that is not known yet. */
  modulesOf(root: string): readonly ModuleName[] {
    const modules =
      this.#options.store.workspaces.find((workspace) => workspace.root === root)?.modules ?? [];
    return modules.length === 0 ? moduleNames : modules.map(({ module }) => module);
  }

  cancel(): void {
    this.#cancellation?.cancel();
  }

  dispose(): void {
    this.#interrupted.dispose();
    this.#changed.dispose();
    this.#onChange.dispose();
  }

  async #start(root: string, fields: Parameters<typeof runTask>[1]): Promise<void> {
    await vscode.tasks.executeTask(runTask(root, fields, this));
  }

  #refuseSecond(): boolean {
    if (this.#active === undefined) return false;
    const title = activeTitle(this.#active, vscode.l10n);
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Going on already: {0}. Timing is exclusive: one run at a time.', title),
    );
    return true;
  }

  /** Does what a task ordered, from its first event to its notification; the task's terminal calls it. */
  async perform(order: RunOrder, stage: RunStage): Promise<RunEnd> {
    if (this.#active !== undefined) return { kind: 'busy' };
    const { engine, log } = this.#options;
    const job = randomUUID();
    const { root } = order.params;
    const modules = order.kind === 'start' ? order.params.modules : order.modules;
    const cancellation = new vscode.CancellationTokenSource();
    const subscriptions = [
      cancellation,
      stage.token.onCancellationRequested(() => cancellation.cancel()),
      engine.onEvent((event) => this.#heard(event, job, stage.screen)),
    ];
    this.#cancellation = cancellation;
    this.#active = {
      kind: order.kind === 'train' ? 'train' : 'optimize',
      job,
      root,
      modules,
      run: order.kind === 'resume' ? order.params.run : undefined,
      stage: 'start',
      message: '',
      fraction: undefined,
      remainingSeconds: undefined,
    };
    if (order.kind === 'resume') this.#interrupted.remember({ root, run: order.params.run, modules });
    this.#changed.now();
    let end: RunEnd;
    try {
      end = await this.#asked(order, job, modules, cancellation.token);
    } catch (error) {
      end = endOf(error, cancellation.token.isCancellationRequested, order.kind === 'train');
    }
    const run = this.#active?.run;
    this.#active = undefined;
    this.#cancellation = undefined;
    for (const subscription of subscriptions) subscription.dispose();
    log.info(`run ${run ?? job} on ${modules.join(', ')}: ${end.kind}`);
    // Rounds remember themselves. A crash is dealt with once the server is back; closing the terminal may be the first sign of a reload.
    if (order.kind !== 'train') {
      if (end.kind === 'cancelled' && stage.wasClosed()) this.#interrupted.forgetUnlessReloading();
      else if (end.kind !== 'stopped') this.#interrupted.forget();
    }
    this.#changed.now();
    void announce({ end, root, run, modules, runs: this, log });
    return end;
  }

  async #asked(
    order: RunOrder,
    job: string,
    modules: readonly ModuleName[],
    token: vscode.CancellationToken,
  ): Promise<RunEnd> {
    const { engine } = this.#options;
    switch (order.kind) {
      case 'start':
        return {
          kind: 'done',
          modules,
          outcome: await engine.request('annsmith/optimize', { ...order.params, job }, token),
        };
      case 'resume':
        return {
          kind: 'done',
          modules,
          outcome: await engine.request('annsmith/resume', { ...order.params, job }, token),
        };
      case 'train':
        return {
          kind: 'trained',
          report: await engine.request('annsmith/grpo', { ...order.params, job }, token),
        };
    }
  }

  #heard(event: EngineEvent, job: string, screen: RunScreen): void {
    if (this.#active === undefined || !('job' in event) || event.job !== job) return;
    if (event.kind === 'log') {
      screen.log(event.level, event.message);
      return;
    }
    if (event.kind === 'run') {
      const { root, modules } = this.#active;
      this.#active = { ...this.#active, run: event.run };
      this.#interrupted.remember({ root, run: event.run, modules });
    } else {
      const { stage, message, fraction, remainingSeconds } = event;
      this.#active = { ...this.#active, stage, message, fraction, remainingSeconds };
      screen.progress(event);
    }
    this.#changed.call();
  }
}

function endOf(error: unknown, wasCancelled: boolean, isTraining: boolean): RunEnd {
  if (error instanceof vscode.CancellationError || wasCancelled) return { kind: 'cancelled', isTraining };
  return error instanceof EngineStopped ? { kind: 'stopped', isTraining } : { kind: 'failed', error };
}
