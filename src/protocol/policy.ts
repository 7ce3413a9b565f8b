import type { MetricName } from './dataset.ts';
import type { Manifest } from './manifest.ts';
import type { CurvePoint, Estimate, RecallWindow } from './measurement.ts';
import type { ChatMessage, FinishReason, TokenUsage } from './model.ts';
import type { ModuleName, Region } from './module.ts';
import type { Verdict } from './verdict.ts';

/** Facts of machine and data that a policy may condition on. */
export interface Facts {
  readonly n: number;
  readonly dim: number;
  readonly metric: MetricName;
  readonly M: number;
  readonly efConstruction: number;
  /** e.g. `avx2`, `avx512f`, `avx512vnni`, `neon`. */
  readonly isa: readonly string[];
  readonly llcBytes: number;
}

/** The saved text of the workspace files that matter, by path relative to the root. Never changed in place. */
export type FileTexts = ReadonlyMap<string, string>;

/** What a policy sees when it is asked for candidates of one module. */
export interface PolicyRequest {
  readonly module: ModuleName;
  readonly manifest: Manifest;
  readonly files: FileTexts;
  readonly facts: Facts;
  readonly group: number;
  readonly seed: number;
  /** The module's regions, located in `files`. */
  readonly regions: readonly Region[];
  readonly evidence: Evidence;
}

/** What has been measured: of the code as it stands, and of candidates before. */
export interface Evidence {
  /** Name of the dataset that curves are of. */
  readonly dataset: string;
  readonly window: RecallWindow;
  /** The reference on that dataset. */
  readonly reference: readonly CurvePoint[];
  /** Judged candidates of this module and workspace, in the order of the ledger; of this run and of earlier ones. */
  readonly past: readonly PastCandidate[];
}

/** A candidate that was judged before. */
export interface PastCandidate {
  /** Unique over the ledger: run and candidate. */
  readonly id: string;
  readonly run: string;
  /** Of this run: the round; 0 for other runs. */
  readonly round: number;
  readonly policy: string;
  /** What the policy wrote: for the playbook the edit program. */
  readonly text: string;
  /** Unified diff against the code as it stands now; null where there is none, or it no longer applies. */
  readonly patch: string | null;
  readonly verdict: Verdict;
  /** ln(AUC candidate / AUC reference); null where it was not measured. */
  readonly gain: Estimate | null;
  readonly reward: number | null;
  /** Its curve, where it has one. */
  readonly points: readonly CurvePoint[];
}

/** A prompt as it is sent. */
export interface PolicyPrompt {
  readonly messages: readonly ChatMessage[];
  /** Version of the template. */
  readonly template: string;
  /** SHA-256 of the messages. */
  readonly hash: string;
  /** Ids of the candidates that it shows, in order. */
  readonly exemplars: readonly string[];
  /** Estimated tokens by section, and what was cut to stay inside the budget. */
  readonly sections: readonly {
    readonly name: string;
    readonly tokens: number;
    readonly kept: 'whole' | 'cut' | 'dropped';
  }[];
}

/** Why an answer is worth asking again. */
export const unusableReasons = ['does-not-parse', 'does-not-apply', 'does-not-compile'] as const;
export type UnusableReason = (typeof unusableReasons)[number];

/** What else is known of a model's answer. */
export interface ModelAnswer {
  readonly analysis: string;
  readonly design: string;
  readonly finish: FinishReason;
  readonly usage: TokenUsage;
  /** The first answer and why it was asked again; the texts above are of the second. */
  readonly repaired?: {
    readonly text: string;
    readonly reason: UnusableReason;
    readonly why: string;
    /** How the first answer ended; absent in records of before. */
    readonly finish?: FinishReason;
  };
}

/** One completion of a policy, before it is judged. */
export interface Completion {
  /** The completion as text; for the playbook the edit program, for a model its answer. */
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Log-probability of each token under the policy that sampled it; natural logarithm. */
  readonly logprobs: readonly number[];
  /** New texts of the changed files, or why there are none. */
  readonly outcome:
    | { readonly kind: 'files'; readonly files: FileTexts; readonly notes: readonly string[] }
    | {
        readonly kind: 'rejected';
        readonly reason: 'does-not-parse' | 'does-not-apply';
        readonly detail: string;
      };
  /** Absent for the playbook. */
  readonly answer?: ModelAnswer;
}

/** A candidate's texts beside those that they replace. */
export interface CodeChange {
  readonly before: FileTexts;
  readonly after: FileTexts;
  /** The module's regions, located in `before`. */
  readonly regions: readonly Region[];
}

/** What code must be like so that a developer would keep it. */
export interface StyleGate {
  /** What is wrong with the code, one finding each; empty when nothing is. */
  refusals(change: CodeChange): readonly StyleRefusal[];
  /** Too much code for what it gains, `ln(AUC candidate / AUC reference)`. */
  growth(change: CodeChange, gain: number): StyleRefusal | undefined;
  /** Equal for changes that differ in layout and comments alone. */
  codeHash(change: CodeChange): string;
}

export interface StyleRefusal {
  /** e.g. `style-constant`. */
  readonly check: string;
  readonly message: string;
}

/** What came of a group, for the choice of the next group's policy. */
export interface GroupOutcome {
  readonly policy: string;
  /** Shaped rewards, one per judged candidate. */
  readonly rewards: readonly number[];
  /** Seconds that its completions took. */
  readonly seconds: number;
  /** US dollars; null where unknown. */
  readonly cost: number | null;
}

/** What writes candidates. A group of `request.group` completions is sampled whole from one policy. */
export interface Policy {
  /** e.g. `playbook`. */
  readonly id: string;
  /** Version of the weights or adapter that samples. */
  readonly version: string;
  sample(request: PolicyRequest, signal?: AbortSignal): AsyncIterable<Completion>;
  /**
   * How it samples, besides seed and size of the group, for the group's record; read after the group. For a model
   * `temperature` (null: the server's own) and `maxTokens`. Absent: in one way.
   */
  readonly sampling?: Readonly<Record<string, unknown>>;
  /** Absent: its code was written by hand and reviewed. */
  readonly style?: StyleGate;
  /** Of a mix: the policies that groups are sampled from, each group whole from one. */
  readonly members?: readonly Policy[];
  /** Of a mix: the one that the next group comes from. `seed` decides where chance does. */
  choose?(history: readonly GroupOutcome[], seed: number): Policy;
  /** What `sample` sends for the same request. Absent: it has no prompt. */
  prompt?(request: PolicyRequest): PolicyPrompt;
  /**
   * What else its choices depend on, for the group's record: with it the logged log-probabilities can be computed anew.
   * Absent: nothing else.
   */
  condition?(request: PolicyRequest): Readonly<Record<string, unknown>>;
  /**
   * Asks once more for a completion that could not be used, showing why. Undefined where no better one came. Absent: it
   * cannot be asked.
   */
  repair?(
    request: PolicyRequest,
    completion: Completion,
    problem: { readonly reason: UnusableReason; readonly why: string },
    signal?: AbortSignal,
  ): Promise<Completion | undefined>;
  /**
   * The parts of one of its completions that can be taken out alone, in the order in which that is worth trying. Absent:
   * its completions are not minimised. `request` is the one that the completion answered.
   */
  parts?(request: PolicyRequest, completion: string): readonly CompletionPart[];
}

/** One part of a completion: for the playbook a rewrite. */
export interface CompletionPart {
  /** e.g. the rewrite's id. */
  readonly name: string;
  /** Why it makes the code faster, in one line. */
  readonly cause: string;
  /** The completion without it. */
  readonly without: string;
  /** New texts of the changed files without it; empty when nothing is left. */
  readonly files: FileTexts;
}
