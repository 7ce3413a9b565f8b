import { randomUUID } from 'node:crypto';
import { CancellationTokenSource, type Disposable, type Event, EventEmitter, window } from 'vscode';
import type { ParamsOf } from '../../protocol/engine.ts';
import type { Engine } from '../feature.ts';
import { views } from '../ids.ts';
import type { BusyDataset } from './model/datasets.ts';

interface Work extends BusyDataset {
  readonly job: string;
  readonly source: CancellationTokenSource;
}

/** Datasets that are being fetched or imported by this window, one piece of work per name. */
export class DatasetWork implements Disposable {
  readonly #engine: Engine;
  readonly #changed = new EventEmitter<void>();
  readonly #busy = new Map<string, Work>();
  readonly #events: Disposable;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#events = engine.onEvent((event) => {
      if (event.kind === 'progress') this.#progress(event.job, event.message, event.fraction);
    });
  }

  get onChange(): Event<void> {
    return this.#changed.event;
  }

  get busy(): ReadonlyMap<string, BusyDataset> {
    return this.#busy;
  }

  /** Fetches or makes a dataset. Does nothing where that is going on already. */
  get(name: string): Promise<void> {
    return this.#run(name, async (job, token) => {
      await this.#engine.request('annsmith/getDataset', { job, name }, token);
    });
  }

  import(params: Omit<ParamsOf<'annsmith/importDataset'>, 'job'>): Promise<void> {
    return this.#run(params.name, async (job, token) => {
      await this.#engine.request('annsmith/importDataset', { ...params, job }, token);
    });
  }

  cancel(name: string): void {
    this.#busy.get(name)?.source.cancel();
  }

  dispose(): void {
    this.#events.dispose();
    for (const { source } of this.#busy.values()) source.cancel();
    this.#changed.dispose();
  }

  async #run(
    name: string,
    work: (job: string, token: CancellationTokenSource['token']) => Promise<void>,
  ): Promise<void> {
    if (this.#busy.has(name)) return;
    const job = `dataset-${randomUUID()}`;
    const source = new CancellationTokenSource();
    this.#busy.set(name, { job, source, message: '', fraction: undefined });
    this.#changed.fire();
    try {
      await window.withProgress({ location: { viewId: views.datasets } }, () => work(job, source.token));
    } finally {
      this.#busy.delete(name);
      source.dispose();
      this.#changed.fire();
    }
  }

  #progress(job: string, message: string, fraction: number | undefined): void {
    for (const [name, work] of this.#busy) {
      if (work.job !== job) continue;
      this.#busy.set(name, { ...work, message, fraction });
      this.#changed.fire();
    }
  }
}
