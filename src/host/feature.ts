import type { CancellationToken, Disposable, Event, ExtensionContext, LogOutputChannel, Uri } from 'vscode';
import type { DatasetInfo } from '../protocol/dataset.ts';
import type {
  EngineEvent,
  ParamsOf,
  PolicyState,
  RequestMethod,
  ResultOf,
  RunView,
  WorkspaceOverview,
} from '../protocol/engine.ts';
import type { ModuleName } from '../protocol/module.ts';

/** What the host's features share: made in extension.ts, handed to each feature's `register` function. */
export interface FeatureContext {
  readonly extension: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly engine: Engine;
  readonly store: Store;
  readonly runs: Runs;
  readonly review: Review;
}

export type Feature = (context: FeatureContext) => Disposable;

/** `stopped`: not started yet, in Restricted Mode, or given up after crashes. */
export type EngineState = 'starting' | 'running' | 'stopped';

/** The engine server as the rest of the host sees it. */
export interface Engine {
  readonly state: EngineState;
  readonly onState: Event<EngineState>;
  readonly onEvent: Event<EngineEvent>;
  /**
   * Starts the server where it is not running (rejects with `EngineUnavailable` in Restricted Mode or when it cannot be
   * started). Rejects with `EngineError` for what the user can put right, with `vscode.CancellationError` once cancelled,
   * and with `EngineStopped` where the server ends before it has answered.
   */
  request<M extends RequestMethod>(
    method: M,
    params: ParamsOf<M>,
    token?: CancellationToken,
  ): Promise<ResultOf<M>>;
  restart(): Promise<void>;
}

/** What the server last said about every folder; views and commands read it and listen for changes. */
export interface Store {
  /** Folders of the window that are on disk, in order. Empty before the first answer. */
  readonly workspaces: readonly WorkspaceOverview[];
  /** Newest first. */
  runsOf(root: string): readonly RunView[];
  readonly datasets: readonly DatasetInfo[] | undefined;
  /** Undefined before the first answer. */
  readonly policies: PolicyState | undefined;
  readonly onChange: Event<'workspaces' | 'runs' | 'datasets' | 'policies'>;
  /** Asks the server for everything again. */
  refresh(): Promise<void>;
  /** The folder that holds the file and has a manifest. */
  workspaceOf(uri: Uri): WorkspaceOverview | undefined;
}

/** A run of this window. */
export interface ActiveRun {
  /** `train`: rounds of GRPO, which sample runs of their own. */
  readonly kind: 'optimize' | 'train';
  readonly job: string;
  readonly root: string;
  readonly modules: readonly ModuleName[];
  /** Undefined until the server has opened it. */
  readonly run: string | undefined;
  readonly stage: string;
  readonly message: string;
  readonly fraction: number | undefined;
  readonly remainingSeconds: number | undefined;
}

/** Runs are started as tasks; one at a time per window, as timing is exclusive anyway. */
export interface Runs {
  readonly active: ActiveRun | undefined;
  readonly onChange: Event<void>;
  /** Asks for dataset, policy and budget unless `ask` is false; resolves when the task has started, or undefined if dismissed. */
  optimize(request: {
    readonly root: string;
    readonly modules: readonly ModuleName[];
    readonly ask?: boolean;
  }): Promise<void>;
  resume(root: string, run: string): Promise<void>;
  /** Rounds of GRPO over the runs of a folder; `offline` makes one update on what is logged. */
  train(root: string, what: { readonly grpo: 'online' | 'offline'; readonly rounds: number }): Promise<void>;
  cancel(): void;
}

/** Pending hunks in the user's own files. */
export interface Review {
  /** Shows a candidate (`best`, a module's name or a candidate's id) as pending hunks; replaces what was pending. */
  open(root: string, run: string, candidate: string): Promise<void>;
  openDiff(root: string, run: string, candidate: string): Promise<void>;
}

/**
 * What a command is about. Tree elements have these fields, so a menu hands the element itself to its command; CodeLenses
 * and code actions pass the same. Whatever is missing is asked for, or taken from the active editor.
 */
export interface CommandTarget {
  readonly root?: string;
  readonly module?: ModuleName;
  readonly run?: string;
  readonly candidate?: string;
  readonly dataset?: string;
  /** Relative to the root; the line is 1-based. */
  readonly file?: string;
  readonly line?: number;
}
