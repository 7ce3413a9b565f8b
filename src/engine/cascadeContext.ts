import { join } from 'node:path';
import type { BuildCosts } from '../protocol/costs.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { Aggregate } from '../protocol/optimize.ts';
import { type Baseline, measurementContext, referenceSide, sideOn } from './baseline.ts';
import type { CompareInput } from './benchmark/compare.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import type { CodeState } from './codeState.ts';
import type { Candidate, Trial } from './judged.ts';
import type { RunContext } from './runContext.ts';

/** The head of a dataset for the cheap checks, and the reference's graph of it. */
export interface SmallSet {
  readonly dataset: PreparedDataset;
  readonly graph: string;
}

/** What the judgement of one module's candidates is made against. */
export interface CascadeContext {
  readonly run: RunContext;
  readonly module: ModuleName;
  /** What candidates are patches of. */
  readonly state: CodeState;
  readonly locate: LocateRegion;
  readonly seed: number;
  readonly aggregate: Aggregate;
  readonly small: readonly SmallSet[];
  /** Where every candidate is measured: the datasets, or their heads for construction. */
  readonly first: readonly Baseline[];
  /** The datasets. */
  readonly whole: readonly Baseline[];
  /** By dataset and rows: what the workspace as saved costs, which is what the gates compare with. */
  readonly gateCosts: ReadonlyMap<string, BuildCosts>;
  /** The sanitizers' report of the reference itself, where it is not clean; such a sanitizer says nothing of candidates. */
  readonly referenceReports: Readonly<Partial<Record<SanitizedWork, string>>>;
  /** Monotonic milliseconds after which no further resident timing starts. */
  readonly deadline: number | undefined;
  /** Called once a candidate has its verdict. */
  readonly onJudged: (candidate: Candidate) => Promise<void>;
}

/** A sanitizer with what runs under it: searches of a given graph, or a build and searches of what it made. */
export type SanitizedWork = 'address' | 'address-build' | 'thread-build';

/** Key of `gateCosts`. */
export function gateKey(dataset: string, rows: number): string {
  return `${dataset}/${rows}`;
}

/** Construction candidates make graphs of their own; the others search the reference's. */
export function buildsGraphs({ module }: Pick<CascadeContext, 'module'>): boolean {
  return module === 'construction';
}

export function folderOf({ run, state }: CascadeContext, candidate: Pick<Candidate, 'id'>): string {
  return join(run.scratch, `${state.name}-${candidate.id}`);
}

/** A candidate's library beside the reference on one dataset. `share` is of `budgets.candidateSeconds`. */
export async function compareInput(
  context: CascadeContext,
  candidate: Pick<Candidate, 'id' | 'library'>,
  baseline: Baseline,
  trial: Pick<Trial, 'graph' | 'profile'>,
  share: number,
): Promise<CompareInput> {
  const { run, seed } = context;
  const { budgets } = context.state.workspace.manifest;
  return {
    ...measurementContext(run, baseline, seed),
    // The cascade reports its own progress; of a measurement's only that it waits for the lock.
    onProgress: (event) => {
      if (event.stage === 'measure') run.services.reporter.progress(event);
    },
    reference: await referenceSide(run, baseline),
    candidate: await sideOn(run, baseline, candidate.id, candidate.library!, trial.graph ?? baseline.graph),
    profile: baseline.profile,
    candidateProfile: trial.profile,
    budgetSeconds: share * budgets.candidateSeconds,
    recallTolerance: budgets.recallTolerance,
  };
}
