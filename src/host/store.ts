import * as vscode from 'vscode';
import type { DatasetInfo } from '../protocol/dataset.ts';
import type { EngineEvent, PolicyState, RunView, WorkspaceOverview } from '../protocol/engine.ts';
import type { Engine, Store } from './feature.ts';
import { innermost } from './pathInside.ts';
import { watchManifests, workspaceRoots } from './workspaceRoots.ts';

type Topic = 'workspaces' | 'runs' | 'datasets' | 'policies';

/** What there is to ask for. Roots first: the others depend on them. */
interface Due {
  roots: boolean;
  datasets: boolean;
  policies: boolean;
  readonly overviews: Set<string>;
  readonly runs: Set<string>;
}

/** Changes that come together are answered by one round of questions. */
const gatherMs = 50;

function nothing(): Due {
  return { roots: false, datasets: false, policies: false, overviews: new Set(), runs: new Set() };
}

/** What the server last said; asks again for what has changed, one round at a time. */
export class EngineStore implements Store, vscode.Disposable {
  readonly #engine: Engine;
  readonly #log: vscode.LogOutputChannel;
  readonly #onChange = new vscode.EventEmitter<Topic>();
  readonly onChange = this.#onChange.event;
  readonly #subscriptions: vscode.Disposable[];
  readonly #overviews = new Map<string, WorkspaceOverview>();
  readonly #runs = new Map<string, readonly RunView[]>();
  #roots: readonly string[] = [];
  #datasets: readonly DatasetInfo[] | undefined;
  #policies: PolicyState | undefined;
  #due = nothing();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(engine: Engine, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#log = log;
    this.#subscriptions = [
      this.#onChange,
      engine.onEvent((event) => this.#heard(event)),
      engine.onState((state) => {
        if (state === 'running') this.#ask({ roots: true, datasets: true, policies: true });
      }),
      watchManifests(() => this.#ask({ roots: true })),
    ];
  }

  get workspaces(): readonly WorkspaceOverview[] {
    return this.#roots.flatMap((root) => this.#overviews.get(root) ?? []);
  }

  runsOf(root: string): readonly RunView[] {
    return this.#runs.get(root) ?? [];
  }

  get datasets(): readonly DatasetInfo[] | undefined {
    return this.#datasets;
  }

  get policies(): PolicyState | undefined {
    return this.#policies;
  }

  workspaceOf(uri: vscode.Uri): WorkspaceOverview | undefined {
    if (uri.scheme !== 'file') return undefined;
    return innermost(this.workspaces.filter(isDescribed), uri.fsPath);
  }

  async refresh(): Promise<void> {
    Object.assign(this.#due, { roots: true, datasets: true, policies: true });
    await this.#next();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #heard(event: EngineEvent): void {
    if (event.kind !== 'changed') return;
    if (event.what === 'datasets') this.#ask({ datasets: true });
    else if (event.what === 'policies') this.#ask({ policies: true });
    // A run's end changes what the overview says of it, too.
    else if (event.what === 'ledger') this.#ask({ overview: event.root, runs: event.root });
    else this.#ask({ overview: event.root });
  }

  #ask(what: { roots?: true; datasets?: true; policies?: true; overview?: string; runs?: string }): void {
    this.#due.roots ||= what.roots ?? false;
    this.#due.datasets ||= what.datasets ?? false;
    this.#due.policies ||= what.policies ?? false;
    if (what.overview !== undefined) this.#due.overviews.add(what.overview);
    if (what.runs !== undefined) this.#due.runs.add(what.runs);
    this.#timer ??= setTimeout(() => {
      if (this.#engine.state !== 'running') {
        this.#timer = undefined;
        return;
      }
      this.#next().catch((error: unknown) => this.#log.error(String(error)));
    }, gatherMs);
  }

  /** A round over everything due, after the one that may be going on. */
  #next(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const due = this.#due;
    this.#due = nothing();
    const round = this.#round.then(() => this.#answer(due));
    this.#round = round.catch(() => undefined);
    return round;
  }

  async #answer({ roots, datasets, policies, overviews, runs }: Due): Promise<void> {
    if (roots) {
      this.#roots = await workspaceRoots();
      this.#forgetOthers();
    }
    const meant = (asked: ReadonlySet<string>): readonly string[] =>
      roots ? this.#roots : this.#roots.filter((root) => asked.has(root));
    const overviewsOf = meant(overviews);
    const failures: unknown[] = [];
    const ask = async (work: () => Promise<void>): Promise<void> => {
      await work().catch((error: unknown) => failures.push(error));
    };
    for (const root of overviewsOf) await ask(() => this.#askOverview(root));
    if (roots || overviewsOf.length > 0) this.#onChange.fire('workspaces');
    const runsOf = meant(runs).filter((root) => isDescribed(this.#overviews.get(root)));
    for (const root of runsOf) await ask(() => this.#askRuns(root));
    if (roots || runsOf.length > 0) this.#onChange.fire('runs');
    if (datasets) await ask(() => this.#askDatasets());
    if (policies) await ask(() => this.#askPolicies());
    if (failures.length > 0) throw failures[0];
  }

  async #askOverview(root: string): Promise<void> {
    this.#overviews.set(root, await this.#engine.request('annsmith/overview', { root }));
  }

  async #askRuns(root: string): Promise<void> {
    this.#runs.set(root, await this.#engine.request('annsmith/runs', { root }));
  }

  async #askDatasets(): Promise<void> {
    this.#datasets = (await this.#engine.request('annsmith/datasets', {})).datasets;
    this.#onChange.fire('datasets');
  }

  async #askPolicies(): Promise<void> {
    this.#policies = await this.#engine.request('annsmith/policies', {});
    this.#onChange.fire('policies');
  }

  #forgetOthers(): void {
    for (const map of [this.#overviews, this.#runs]) {
      for (const root of map.keys()) if (!this.#roots.includes(root)) map.delete(root);
    }
  }
}

/** The folder has a manifest. */
function isDescribed(overview: WorkspaceOverview | undefined): boolean {
  return overview?.state === 'ready' || overview?.state === 'broken';
}
