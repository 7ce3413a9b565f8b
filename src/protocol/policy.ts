import type { MetricName } from './dataset.ts';
import type { Manifest } from './manifest.ts';
import type { ModuleName } from './module.ts';

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
}

/** What writes candidates. A group of `request.group` completions is sampled whole from one policy. */
export interface Policy {
  /** e.g. `playbook`. */
  readonly id: string;
  /** Version of the weights or adapter that samples. */
  readonly version: string;
  sample(request: PolicyRequest, signal?: AbortSignal): AsyncIterable<Completion>;
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
