import * as z from 'zod';
import type { BuildCosts } from './costs.ts';
import type { DatasetInfo, SyntheticKind } from './dataset.ts';
import { metricNames } from './dataset.ts';
import type { GrpoReport, GrpoRoundReport, VersionSummary } from './grpo.ts';
import type { CurvePoint, Estimate, EstimateMode, RecallWindow, SpeedupAt } from './measurement.ts';
import { finishReasons, modelSettingsSchema, type TokenUsage } from './model.ts';
import { type ModuleName, moduleNames, type Region } from './module.ts';
import type { PartReport } from './optimize.ts';
import type { PolicyPrompt } from './policy.ts';
import { signals } from './signal.ts';
import type { Verdict } from './verdict.ts';

/**
 * What the editor asks of the engine server, over the same stdio connection as the language features. Raised when a
 * shape changes its meaning; the two sides refuse each other where it differs.
 */
export const engineProtocolVersion = 1;

/** Sent as `initializationOptions`; the server answers with `capabilities.experimental.annsmith`, the same shape. */
export const handshakeSchema = z.object({ protocol: z.number() });
export type Handshake = z.infer<typeof handshakeSchema>;

/** Absolute path of a workspace folder. */
const root = z.string().min(1);
/** Names a long piece of work in the events about it; chosen by the client. */
const job = z.string().min(1);
const rooted = z.object({ root });
const inRun = rooted.extend({ run: z.string() });

const optimizeParams = rooted.extend({
  job,
  modules: z.array(z.enum(moduleNames)).min(1),
  /** Empty: the manifest's first. */
  datasets: z.array(z.string()),
  group: z.int().min(2).max(64),
  rounds: z.int().min(1).max(100),
  /** Null: as long as it takes. */
  budgetMinutes: z.number().positive().nullable(),
  /** `playbook`, `openai:MODEL`, `vscode:VENDOR/FAMILY`, or several with commas: each group comes whole from one of them. */
  policy: z.string().min(1),
  model: modelSettingsSchema.prefault({}),
  seed: z.int().min(0),
});

const promptParams = rooted.extend({
  job,
  module: z.enum(moduleNames),
  dataset: z.string().nullable(),
  model: modelSettingsSchema.prefault({}),
});

/** A patch by somebody else, to be judged like any other candidate. */
const proposeParams = rooted.extend({
  job,
  module: z.enum(moduleNames),
  /** SEARCH/REPLACE blocks, whole regions or a unified diff, as models answer. */
  text: z.string().min(1),
  dataset: z.string().nullable(),
});

const signalParams = inRun.extend({
  /** `best`: everything together. */
  candidate: z.string(),
  file: z.string(),
  /** SHA-256 of the hunk's removed and added lines. */
  hunk: z.string(),
  signal: z.enum(signals),
  /** For `rewritten`: share of the accepted lines that are still there, 0..1. */
  survival: z.number().min(0).max(1).optional(),
});

const grpoParams = rooted.extend({
  job,
  /** `offline`: one update on what is logged, whatever `rounds` says. */
  mode: z.enum(['online', 'offline']),
  /** Null: those that have regions, without construction, whose candidates each build an index. */
  modules: z.array(z.enum(moduleNames)).min(1).nullable(),
  /** Empty: the manifest's first; offline the newest group's. */
  datasets: z.array(z.string()),
  rounds: z.int().min(1).max(1000),
  group: z.int().min(2).max(64),
  /** Null: as long as it takes. No round is begun that would end later. */
  budgetMinutes: z.number().positive().nullable(),
  seed: z.int().min(0),
});

const importParams = z.object({
  job,
  name: z.string(),
  base: z.string(),
  queries: z.string().optional(),
  metric: z.enum(metricNames),
});

/** Parameters of every request, checked where they arrive. */
export const requestParams = {
  'annsmith/overview': rooted,
  /** With `preview` nothing is written, and `written` is what would be. */
  'annsmith/init': rooted.extend({ preview: z.boolean().optional() }),
  'annsmith/runs': rooted,
  'annsmith/change': inRun.extend({ candidate: z.string() }),
  'annsmith/curves': rooted,
  'annsmith/datasets': z.object({}),
  'annsmith/getDataset': z.object({ job, name: z.string() }),
  'annsmith/importDataset': importParams,
  'annsmith/optimize': optimizeParams,
  'annsmith/resume': inRun.extend({ job, model: modelSettingsSchema.prefault({}) }),
  'annsmith/bench': rooted.extend({ job, dataset: z.string().nullable(), seconds: z.number().positive() }),
  'annsmith/doctor': z.object({}),
  'annsmith/signal': signalParams,
  'annsmith/report': inRun,
  /** The exact prompt that a model would get; measures the reference where it has not been measured. */
  'annsmith/prompt': promptParams,
  'annsmith/propose': proposeParams,
  /** A question of one word, to see whether a model answers. */
  'annsmith/testModel': z.object({ job, policy: z.string().min(1), model: modelSettingsSchema.prefault({}) }),
  /** Versions of the built-in policy on this machine, and what came of its rounds. */
  'annsmith/policies': z.object({}),
  /** Rounds of GRPO for the built-in policy; one that was cut off in the folder is gone on with first. */
  'annsmith/grpo': grpoParams,
  /** Lets a version sample from now on. */
  'annsmith/promote': z.object({ version: z.string().min(1) }),
  /** Back to what was promoted before. */
  'annsmith/rollBack': z.object({}),
} as const;

/** Parameters of what the server asks of the editor. */
export const reverseParams = {
  /** One completion per element of the answer; fewer than `n` where the model gives no more. */
  'annsmith/sample': z.object({
    /** `VENDOR/FAMILY` of `vscode.lm`. */
    model: z.string(),
    messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
    n: z.int().min(1),
    temperature: z.number(),
    maxTokens: z.int(),
  }),
  /** Whether code of these files may be sent there. Answered from memory where it was asked before. */
  'annsmith/consent': rooted.extend({ endpoint: z.string(), model: z.string(), files: z.array(z.string()) }),
} as const;

export type ReverseMethod = keyof typeof reverseParams;
export type ReverseParamsOf<M extends ReverseMethod> = z.infer<(typeof reverseParams)[M]>;

/** What the editor answers, checked where it arrives. */
export const reverseResults = {
  'annsmith/sample': z.object({
    completions: z.array(
      z.object({
        text: z.string(),
        finish: z.enum(finishReasons),
        /** As counted by the model, where it counts. */
        tokens: z.number().nullable(),
      }),
    ),
    promptTokens: z.number().nullable(),
  }),
  'annsmith/consent': z.object({ allowed: z.boolean() }),
} as const;
export type ReverseResultOf<M extends ReverseMethod> = z.infer<(typeof reverseResults)[M]>;

export type RequestMethod = keyof typeof requestParams;
/** As they are sent. */
export type ParamsOf<M extends RequestMethod> = z.input<(typeof requestParams)[M]>;
/** As they are once checked, with defaults filled in. */
export type CheckedParamsOf<M extends RequestMethod> = z.output<(typeof requestParams)[M]>;
export type ResultOf<M extends RequestMethod> = Results[M];

interface Results {
  'annsmith/overview': WorkspaceOverview;
  /** Files written, relative to the root. */
  'annsmith/init': { readonly written: readonly string[] };
  /** Newest first. */
  'annsmith/runs': readonly RunView[];
  'annsmith/change': Change;
  'annsmith/curves': CurvesData;
  'annsmith/datasets': {
    readonly datasets: readonly DatasetInfo[];
    readonly synthetic: readonly SyntheticKind[];
  };
  'annsmith/getDataset': { readonly name: string; readonly n: number; readonly dim: number };
  'annsmith/importDataset': { readonly name: string; readonly n: number; readonly dim: number };
  'annsmith/optimize': RunOutcome;
  'annsmith/resume': RunOutcome;
  'annsmith/bench': Measured;
  'annsmith/doctor': readonly Diagnosis[];
  'annsmith/signal': null;
  /** The self-contained HTML file. */
  'annsmith/report': { readonly path: string };
  'annsmith/prompt': { readonly prompt: PolicyPrompt; readonly text: string };
  'annsmith/propose': ProposalOutcome;
  'annsmith/testModel': ModelTest;
  'annsmith/policies': PolicyState;
  'annsmith/grpo': GrpoReport;
  'annsmith/promote': PolicyState;
  'annsmith/rollBack': PolicyState;
}

/** The built-in policy on this machine: every version, oldest first, and every round, oldest first. */
export interface PolicyState {
  readonly versions: readonly VersionSummary[];
  readonly rounds: readonly GrpoRoundReport[];
}

/** What came of a proposal: a run of its own with one candidate. */
export interface ProposalOutcome {
  readonly run: string;
  readonly candidate: string;
  readonly verdict: Verdict;
  /** ln(AUC candidate / AUC reference) with its interval; null where it was not measured. */
  readonly gain: Estimate | null;
  /** Confirmed with fresh processes and held-out queries; null where that was not tried. */
  readonly confirmed: boolean | null;
  readonly speedup: readonly SpeedupAt[];
  readonly reference: readonly CurvePoint[];
  readonly points: readonly CurvePoint[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly patch: string | null;
}

/** A model's answer to a test. */
export interface ModelTest {
  readonly id: string;
  readonly endpoint: string;
  readonly text: string;
  readonly seconds: number;
  readonly usage: TokenUsage;
  /** Parameters that it does not take. */
  readonly dropped: readonly string[];
}

/** A finding of `doctor`. */
export interface Diagnosis {
  readonly name: string;
  /** `bad` stops the work, `poor` makes it less sure. */
  readonly state: 'good' | 'poor' | 'bad';
  readonly finding: string;
  readonly fix?: string;
}

/** The data of a ResponseError (code `engineErrorCode`) for what the user can put right. */
export const engineErrorCode = -32001;
export const userErrorSchema = z.object({ code: z.string(), fix: z.string() });
export type UserErrorData = z.infer<typeof userErrorSchema>;

/** A folder as the extension sees it. */
export interface WorkspaceOverview {
  readonly root: string;
  /**
   * `ready`: a manifest that holds; `broken`: one with problems; `recognised`: none, but `annsmith/init` can write one;
   * `other`: nothing for Annsmith here.
   */
  readonly state: 'ready' | 'broken' | 'recognised' | 'other';
  readonly name: string;
  readonly problems: readonly { readonly field: string; readonly message: string; readonly fix: string }[];
  /** In the order construction, search, refinement; only those that have regions. */
  readonly modules: readonly ModuleOverview[];
  /** Datasets that the manifest names, in order. */
  readonly datasets: readonly string[];
}

export interface ModuleOverview {
  readonly module: ModuleName;
  readonly regions: readonly Region[];
  /** The newest measurement of the workspace, of any state of its code. */
  readonly measured: Measured | null;
  /** The best accepted candidate of the newest run over this module. */
  readonly best: { readonly run: string; readonly candidate: string; readonly gain: Estimate } | null;
}

/** How fast the workspace was when it was measured last. */
export interface Measured {
  readonly at: string;
  readonly dataset: string;
  readonly recall: number;
  /** Null where the curve does not reach the recall. */
  readonly qps: number | null;
  readonly points: readonly CurvePoint[];
  /** The module's code, or what it is built with, was changed since. */
  readonly stale: boolean;
}

export interface RunView {
  readonly id: string;
  readonly at: string;
  readonly modules: readonly ModuleName[];
  readonly datasets: readonly string[];
  readonly policy: string;
  /** Of the weights that sampled. */
  readonly policyVersion: string;
  /** It sampled groups to train the policy on: nothing of it is confirmed or proposed. */
  readonly forTraining: boolean;
  /** `active`: going on now, in this server or in another process. */
  readonly status: 'active' | 'done' | 'cancelled' | 'failed' | 'unfinished';
  /** Why the run failed. */
  readonly error: string | null;
  /** Of everything together, as confirmed. */
  readonly gain: Estimate | null;
  readonly speedup: readonly SpeedupAt[];
  readonly applied: boolean;
  /** What its models used; null where none was asked. */
  readonly usage: TokenUsage | null;
  readonly groups: readonly GroupView[];
}

export interface GroupView {
  readonly id: string;
  readonly module: ModuleName;
  readonly round: number;
  /** Best first. */
  readonly candidates: readonly CandidateView[];
}

export interface CandidateView {
  readonly id: string;
  readonly module: ModuleName;
  /** The completion in one line; for the playbook the edit program. */
  readonly summary: string;
  /** Null while it is not judged. */
  readonly verdict: Verdict | null;
  readonly reward: number | null;
  /** ln(AUC candidate / AUC reference). */
  readonly gain: Estimate | null;
  readonly confirmed: boolean | null;
  /** The module's confirmed winner. */
  readonly won: boolean;
  readonly hasPatch: boolean;
}

/** A candidate as texts: what its patch applies to, and what comes out. */
export interface Change {
  readonly run: string;
  /** A candidate's id, `MODULE` for a module's minimised winner, or `best` for everything together. */
  readonly candidate: string;
  readonly module: ModuleName | null;
  readonly title: string;
  readonly gain: Estimate | null;
  /** What the model wrote before its code; empty for the playbook. */
  readonly analysis: string;
  readonly design: string;
  /** What the change is made of, with one cause each. */
  readonly parts: readonly PartReport[];
  /** Paths relative to the root. */
  readonly files: readonly { readonly file: string; readonly base: string; readonly text: string }[];
}

export type SeriesRole = 'reference' | 'candidate' | 'winner' | 'accepted' | 'rejected' | 'measured';

/** One QPS-recall curve. */
export interface CurveSeries {
  /** Unique over the data. */
  readonly id: string;
  readonly run: string;
  readonly candidate: string | null;
  readonly module: ModuleName | null;
  readonly name: string;
  readonly dataset: string;
  readonly role: SeriesRole;
  readonly mode: EstimateMode;
  readonly points: readonly CurvePoint[];
  /** QPS with its 95 % interval at the recalls where the ratio was estimated. */
  readonly intervals: readonly {
    readonly recall: number;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly gain: Estimate | null;
  readonly costs: BuildCosts | null;
  /** What it changes, for a hover; null for a reference. */
  readonly change: { readonly added: number; readonly removed: number; readonly text: string } | null;
}

/** Everything that the benchmark view draws. */
export interface CurvesData {
  readonly runs: readonly {
    readonly id: string;
    readonly at: string;
    readonly title: string;
    readonly status: RunView['status'];
    readonly machine: string;
    readonly compiler: string;
    readonly windows: readonly { readonly dataset: string; readonly window: RecallWindow }[];
  }[];
  readonly series: readonly CurveSeries[];
}

/** What came of a run that was started or resumed. */
export interface RunOutcome {
  readonly run: string;
  readonly gain: Estimate | null;
  readonly speedup: readonly SpeedupAt[];
  readonly seconds: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Sent by the server as the notification `annsmith/event`. */
export type EngineEvent =
  | {
      readonly kind: 'progress';
      readonly job: string;
      readonly stage: string;
      readonly message: string;
      readonly fraction?: number;
      readonly remainingSeconds?: number;
    }
  /** A line about a job, for its terminal. */
  | { readonly kind: 'log'; readonly job: string; readonly level: LogLevel; readonly message: string }
  /** The id under which `annsmith/resume` can go on with the job's run. */
  | { readonly kind: 'run'; readonly job: string; readonly root: string; readonly run: string }
  /** Ask again for what depends on it. */
  | { readonly kind: 'changed'; readonly root: string; readonly what: 'workspace' | 'ledger' }
  | { readonly kind: 'changed'; readonly what: 'datasets' }
  | { readonly kind: 'changed'; readonly what: 'policies' };

export const eventMethod = 'annsmith/event';
