import {
  type FinalTrial,
  type LedgerRecord,
  type RecordOf,
  recordsOf,
  type Trial,
} from '../../protocol/ledger.ts';
import type { Estimate } from '../../protocol/measurement.ts';
import type { ModuleName } from '../../protocol/module.ts';

/** One candidate with everything the ledger says about it. */
export interface CandidateStory {
  readonly id: string;
  readonly group: RecordOf<'group'>;
  readonly completion: RecordOf<'completion'>;
  /** Absent while it is not judged. */
  readonly judgement: RecordOf<'judgement'> | undefined;
  readonly confirmation: RecordOf<'confirmation'> | undefined;
  /** The module's confirmed winner. */
  readonly won: boolean;
}

export interface ModuleStory {
  readonly module: ModuleName;
  readonly groups: readonly RecordOf<'group'>[];
  /** Best first. */
  readonly candidates: readonly CandidateStory[];
  readonly ablations: readonly RecordOf<'ablation'>[];
  /** Absent while the module is not done. */
  readonly end: RecordOf<'module-end'> | undefined;
  readonly winner: CandidateStory | undefined;
}

/** `unfinished`: the ledger has no end of the run, or none after it was resumed. */
export type RunStatus = 'done' | 'cancelled' | 'failed' | 'unfinished';

/** A run as its report tells it. */
export interface RunStory {
  readonly run: RecordOf<'run'>;
  /** It sampled groups to train the policy on: nothing of it is confirmed or proposed. */
  readonly forTraining: boolean;
  readonly status: RunStatus;
  readonly end: RecordOf<'run-end'> | undefined;
  /** When it was resumed. */
  readonly resumed: readonly string[];
  /** Time of the last record. */
  readonly until: string;
  readonly modules: readonly ModuleStory[];
  readonly total: RecordOf<'total'> | undefined;
}

/** What the run claims: everything together, or the one winner while that was not measured. */
export interface Claim {
  readonly gain: Estimate;
  readonly trials: readonly FinalTrial[];
  /** False: one module's winner over the state before it. */
  readonly whole: boolean;
}

/** The run with this id. Undefined when the ledger has no record that opens it. */
export function runStory(records: readonly LedgerRecord[], runId: string): RunStory | undefined {
  // What the developer made of the result afterwards is no part of the run.
  const own = records.filter((record) => record.runId === runId && record.type !== 'signal');
  const all = <T extends LedgerRecord['type']>(type: T): RecordOf<T>[] => recordsOf(own, type);
  const run = all('run').at(-1);
  if (run === undefined) return undefined;
  const last = own.findLast(({ type }) => type === 'run-end' || type === 'resume');
  const end = last?.type === 'run-end' ? last : undefined;
  const groups = all('group');
  const modules = run.modules.map((module): ModuleStory => {
    const mine = groups.filter((group) => group.module === module);
    const moduleEnd = all('module-end').findLast((record) => record.module === module);
    const candidates = all('completion').flatMap((completion): CandidateStory[] => {
      const id = completion.candidateId;
      const group = mine.find(({ groupId }) => groupId === completion.groupId);
      if (group === undefined) return [];
      const judgement = all('judgement').findLast(({ candidateId }) => candidateId === id);
      const confirmation = all('confirmation').findLast(({ candidateId }) => candidateId === id);
      return [{ id, group, completion, judgement, confirmation, won: moduleEnd?.best === id }];
    });
    const ids = new Set(candidates.map(({ id }) => id));
    return {
      module,
      groups: mine,
      candidates: candidates.sort((a, b) => rank(b) - rank(a)),
      ablations: all('ablation').filter(({ candidateId }) => ids.has(candidateId)),
      end: moduleEnd,
      winner: candidates.find(({ won }) => won),
    };
  });
  return {
    run,
    forTraining: run.stopAfter === 'groups',
    status: end?.status ?? 'unfinished',
    end,
    resumed: all('resume').map(({ at }) => at),
    until: own.at(-1)?.at ?? run.at,
    modules,
    total: all('total').at(-1),
  };
}

/** Winners, then accepted ones, then what was measured, by gain; then what was not. */
function rank({ won, judgement }: CandidateStory): number {
  const accepted = judgement?.verdict.kind === 'accepted';
  return (won ? 1000 : 0) + (accepted ? 100 : 0) + (judgement?.gain?.value ?? -50);
}

/** The best claim that the ledger holds. */
export function claimOf({ total, modules, status }: RunStory): Claim | undefined {
  if (total !== undefined) return { gain: total.gain, trials: total.trials, whole: true };
  // A finished run without a total has claimed nothing: its winners did not hold together.
  if (status === 'done') return undefined;
  const confirmed = modules.flatMap(({ candidates }) =>
    candidates.flatMap(({ confirmation }) => (confirmation?.confirmed === true ? [confirmation] : [])),
  );
  const [only] = confirmed;
  if (only === undefined || confirmed.length > 1) return undefined;
  return { gain: only.gain, trials: only.trials, whole: false };
}

/** The trials of a candidate that were measured, those on the most rows last. */
export function measuredTrials({ judgement }: CandidateStory): readonly MeasuredTrial[] {
  const measured = (judgement?.trials ?? []).filter(
    (trial): trial is MeasuredTrial => trial.comparison !== null,
  );
  return [...measured].sort((a, b) => a.rows - b.rows);
}

export type MeasuredTrial = Trial & { readonly comparison: NonNullable<Trial['comparison']> };
