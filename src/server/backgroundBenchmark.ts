import { compareWorkspaces } from '../engine/bench.ts';
import { codeHashes } from '../engine/codeHashes.ts';
import { openDatasets } from '../engine/dataset/datasets.ts';
import { parseSyntheticName } from '../engine/dataset/syntheticName.ts';
import { errorText, isAbort, UserError } from '../engine/errors.ts';
import { isMeasured, logMeasurement } from '../engine/measurementLog.ts';
import type { CppSyntaxTrees } from '../engine/module/cppSyntax.ts';
import { locateRegion } from '../engine/module/regions.ts';
import type { Workspace } from '../engine/module/workspace.ts';
import type { Logger, Services } from '../engine/ports.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import { recordsOf } from '../protocol/ledger.ts';
import { datasetNames } from '../protocol/manifest.ts';
import { type ModuleName, moduleNames } from '../protocol/module.ts';
import { keepAccepted, readAccepted } from './acceptedState.ts';
import type { Jobs } from './jobs.ts';
import type { BenchmarkResult } from './language/diagnostics.ts';
import type { Root } from './roots.ts';
import type { Settings } from './settings.ts';

export interface BackgroundDependencies {
  readonly jobs: Jobs;
  readonly settings: Settings;
  readonly syntax: () => Promise<CppSyntaxTrees>;
  readonly logger: Logger;
  readonly report: (root: Root, results: readonly BenchmarkResult[]) => Promise<void>;
}

/** One comparison: this content against that base. */
interface Work {
  readonly root: Root;
  readonly key: string;
  readonly controller: AbortController;
  done: Promise<void>;
}

/**
 * After a save that changes a module's regions, measures the workspace against the last accepted state. One at a time;
 * a newer save ends an older benchmark; a run of the user comes first.
 */
export class BackgroundBenchmark {
  readonly #deps: BackgroundDependencies;
  #work: Work | undefined;
  /** Saved while a run was going on. */
  readonly #waiting = new Set<Root>();
  /** Decisions are made one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(deps: BackgroundDependencies) {
    this.#deps = deps;
  }

  /** Keeps the first state to compare with, where the setting is on and there is none yet. */
  prepare(root: Root): Promise<void> {
    return this.#inTurn(() => this.#keepFirst(root));
  }

  async #keepFirst(root: Root): Promise<void> {
    const { settings, syntax } = this.#deps;
    if (!(await settings.of(root.path)).benchmarkOnSave) return;
    const state = await root.index.state();
    if (state.kind !== 'ready') return;
    if ((await readAccepted(root.path, await syntax())) === undefined) await keepAccepted(state.workspace);
  }

  /** The workspace was saved and its index is up to date. */
  saved(root: Root): Promise<void> {
    return this.#inTurn(() => this.#consider(root));
  }

  #inTurn(decide: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(decide);
    this.#turn = turn.catch((error: unknown) => this.#deps.logger.warn(errorText(error)));
    return this.#turn;
  }

  /** Ends what is going on; it is taken up again with `resume`. */
  async pause(): Promise<void> {
    const work = this.#work;
    if (work === undefined) return;
    this.#waiting.add(work.root);
    await this.stop();
  }

  resume(): void {
    for (const root of [...this.#waiting]) {
      this.#waiting.delete(root);
      void this.saved(root);
    }
  }

  async stop(): Promise<void> {
    this.#work?.controller.abort();
    await this.#work?.done;
  }

  async #consider(root: Root): Promise<void> {
    const { jobs, settings, syntax } = this.#deps;
    const { benchmarkOnSave, benchmarkSeconds, dataset } = await settings.of(root.path);
    if (!benchmarkOnSave) return;
    if (jobs.measuring) {
      this.#waiting.add(root);
      return;
    }
    const state = await root.index.state();
    if (state.kind !== 'ready') return;
    const { workspace } = state;
    const base = await readAccepted(root.path, await syntax());
    if (base === undefined) {
      await keepAccepted(workspace);
      return;
    }
    const modules = changedModules(base, workspace);
    const key = JSON.stringify([root.path, codeHashes(base), codeHashes(workspace)]);
    if (this.#work?.key === key) return;
    // What is saved now is no longer what is being measured.
    if (this.#work?.root === root) await this.stop();
    if (modules.length === 0) return;
    const known = recordsOf(await root.ledger.records(), 'measurement');
    if (known.some((record) => isMeasured(record, workspace, base))) return;
    await this.stop();
    const controller = new AbortController();
    const work: Work = { root, key, controller, done: Promise.resolve() };
    this.#work = work;
    work.done = this.#measure(work, { base, workspace, modules, dataset, seconds: benchmarkSeconds })
      .catch((error: unknown) => this.#explain(root, error))
      .finally(() => {
        if (this.#work === work) this.#work = undefined;
      });
  }

  async #measure(
    { root, controller }: Work,
    request: {
      readonly base: Workspace;
      readonly workspace: Workspace;
      readonly modules: readonly ModuleName[];
      readonly dataset: string;
      readonly seconds: number;
    },
  ): Promise<void> {
    const { jobs, syntax, logger, report } = this.#deps;
    const { services } = jobs;
    const { signal } = controller;
    const { base, workspace, modules, seconds } = request;
    const name = request.dataset === '' ? datasetNames(workspace.manifest)[0]! : request.dataset;
    const dataset = await readyDataset(name, workspace, services, signal);
    if (dataset === undefined) {
      logger.info(`benchmark on save: the dataset ${name} is not on this machine; get it first`);
      return;
    }
    logger.info(`benchmark on save: ${modules.join(', ')} of ${workspace.manifest.name} on ${name}`);
    const trees = await syntax();
    const { comparison, buildCpuSeconds } = await compareWorkspaces({
      services,
      signal,
      workspace,
      base,
      dataset,
      seconds,
      seed: 1,
      locate: (ref, text) => locateRegion(trees, ref, text),
    });
    signal.throwIfAborted();
    const { candidate: points } = comparison;
    await logMeasurement(
      { workspace, dataset, points, buildCpuSeconds, against: { workspace: base, comparison } },
      services,
    );
    await keepAccepted(workspace);
    await report(
      root,
      modules.map((module) => ({ module, dataset: name, gain: comparison.logRatio })),
    );
  }

  #explain(root: Root, error: unknown): void {
    if (isAbort(error)) return;
    const fix = error instanceof UserError ? ` ${error.fix}` : '';
    this.#deps.logger.warn(`benchmark on save of ${root.path}: ${errorText(error)}${fix}`);
  }
}

function changedModules(base: Workspace, workspace: Workspace): ModuleName[] {
  const [before, after] = [codeHashes(base).moduleHashes, codeHashes(workspace).moduleHashes];
  return moduleNames.filter((module) => after[module] !== undefined && before[module] !== after[module]);
}

/** A dataset that is here already: nothing is downloaded behind anybody's back. */
async function readyDataset(
  name: string,
  { manifest }: Workspace,
  services: Services,
  signal: AbortSignal,
): Promise<PreparedDataset | undefined> {
  const datasets = openDatasets({ services });
  const known = parseSyntheticName(name)?.name ?? name;
  const listed = (await datasets.list()).find((info) => info.name === known);
  if (listed?.state !== 'ready') return undefined;
  return datasets.get(name, { k: manifest.search.k, signal });
}
