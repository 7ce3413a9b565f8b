import { type LedgerRecord, type RecordOf, recordsOf } from '../protocol/ledger.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { FileTexts, ModelAnswer } from '../protocol/policy.ts';
import type { Verdict } from '../protocol/verdict.ts';
import { applyPatch } from './candidate/patch.ts';
import { type Candidate, newCandidate, restoredTrials } from './judged.ts';
import type { LedgerWriter, NewRecord } from './ledger/ledgerWriter.ts';

type WithoutRun<T> = T extends unknown ? Omit<T, 'runId'> : never;
type RunRecord = WithoutRun<NewRecord>;

/** What a run has in the ledger: what is there is not done again, what is new goes behind it. */
export class Journal {
  readonly runId: string;
  readonly #ledger: LedgerWriter;
  readonly #earlier: readonly LedgerRecord[];

  /** `earlier`: records of the ledger from before, of any run. */
  constructor(ledger: LedgerWriter, runId: string, earlier: readonly LedgerRecord[]) {
    this.runId = runId;
    this.#ledger = ledger;
    // What a developer made of its candidates is no work of the run.
    this.#earlier = earlier.filter((record) => record.runId === runId && record.type !== 'signal');
  }

  get resumed(): boolean {
    return this.#earlier.length > 0;
  }

  /** For how long the run was going before: from its start, and from each resumption, to the last record of that time. */
  get spentSeconds(): number {
    let spent = 0;
    let previous = Number.POSITIVE_INFINITY;
    for (const { type, at } of this.#earlier) {
      const now = Date.parse(at);
      if (type !== 'run' && type !== 'resume') spent += Math.max(0, now - previous);
      previous = now;
    }
    return spent / 1000;
  }

  append(record: RunRecord): Promise<void> {
    return this.#ledger.append({ ...record, runId: this.runId } as NewRecord);
  }

  all<T extends LedgerRecord['type']>(type: T): RecordOf<T>[] {
    return recordsOf(this.#earlier, type);
  }

  group(groupId: string): RecordOf<'group'> | undefined {
    return this.all('group').find((record) => record.groupId === groupId);
  }

  groupEnd(groupId: string): RecordOf<'group-end'> | undefined {
    return this.all('group-end').find((record) => record.groupId === groupId);
  }

  moduleEnd(module: ModuleName): RecordOf<'module-end'> | undefined {
    return this.all('module-end').find((record) => record.module === module);
  }

  confirmation(candidateId: string): RecordOf<'confirmation'> | undefined {
    return this.all('confirmation').find((record) => record.candidateId === candidateId);
  }

  /** Candidates of a group as they were logged, with their judgement where there is one. */
  candidates(groupId: string, before: FileTexts): Candidate[] {
    return this.all('completion')
      .filter((record) => record.groupId === groupId)
      .map((record) => this.#restored(record, before));
  }

  #restored(record: RecordOf<'completion'>, before: FileTexts): Candidate {
    const { candidateId, text, tokenIds, logprobs, notes, patch, unusable, answer } = record;
    const applied =
      patch === null ? ({ kind: 'applied', files: new Map() } as const) : applyPatch(before, patch);
    if (applied.kind !== 'applied')
      throw new Error(`${candidateId} does not apply to its own base: ${applied.detail}`);
    const { files } = applied;
    const outcome =
      unusable === undefined
        ? ({ kind: 'files', files, notes } as const)
        : ({ kind: 'rejected', ...unusable } as const);
    const completion = {
      text,
      tokenIds,
      logprobs,
      outcome,
      ...(answer === undefined ? {} : { answer: answer as ModelAnswer }),
    };
    const candidate = newCandidate(candidateId, completion, before);
    const judgement = this.all('judgement').find((judged) => judged.candidateId === candidateId);
    if (judgement === undefined) return candidate;
    candidate.verdict = judgement.verdict as Verdict;
    candidate.checks = judgement.checks;
    candidate.lockdown = judgement.lockdown;
    candidate.trials = restoredTrials(judgement.trials);
    candidate.timings = judgement.timings;
    if (judgement.sameAs !== undefined) candidate.sameAs = judgement.sameAs;
    candidate.logged = true;
    return candidate;
  }
}
