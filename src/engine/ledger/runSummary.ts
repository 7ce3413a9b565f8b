import { join } from 'node:path';
import type { LedgerRecord } from '../../protocol/ledger.ts';
import type { Estimate } from '../../protocol/measurement.ts';

/** The ledger of a workspace. */
export function ledgerPath(workspaceRoot: string): string {
  return join(workspaceRoot, '.annsmith', 'ledger.jsonl');
}

export interface CandidateSummary {
  readonly id: string;
  readonly text: string;
  readonly patchHash: string | null;
  /** `accepted`, or the kind with its check, e.g. `rejected: answers-valid`; `unfinished` without a judgement. */
  readonly verdict: string;
  readonly detail: string;
  readonly reward: number | null;
  /** ln(AUC candidate / AUC reference). */
  readonly gain: Estimate | null;
  readonly confirmed: boolean | null;
}

export interface RunSummary {
  readonly id: string;
  readonly at: string;
  readonly module: string;
  readonly dataset: string;
  readonly policy: string;
  readonly seed: number;
  /** `unfinished`: the ledger has no end of this run. */
  readonly status: 'done' | 'cancelled' | 'failed' | 'unfinished';
  readonly best: string | null;
  /** Of the best candidate, as confirmed. */
  readonly gain: Estimate | null;
  readonly candidates: readonly CandidateSummary[];
}

function summariseRun(
  run: Extract<LedgerRecord, { type: 'run' }>,
  records: readonly LedgerRecord[],
): RunSummary {
  const own = records.filter((r) => r.runId === run.runId);
  const end = own.find((r) => r.type === 'run-end');
  const candidates = own
    .filter((r) => r.type === 'completion')
    .map((completion): CandidateSummary => {
      const judgement = own.find((r) => r.type === 'judgement' && r.candidateId === completion.candidateId);
      const confirmation = own.find(
        (r) => r.type === 'confirmation' && r.candidateId === completion.candidateId,
      );
      const judged = judgement?.type === 'judgement' ? judgement : undefined;
      const verdict = judged?.verdict;
      return {
        id: completion.candidateId,
        text: completion.text,
        patchHash: completion.patchHash,
        verdict:
          verdict === undefined
            ? 'unfinished'
            : verdict.kind === 'rejected'
              ? `rejected: ${verdict.check}`
              : verdict.kind,
        detail:
          verdict?.kind === 'rejected' ? verdict.detail : verdict?.kind === 'failed' ? verdict.error : '',
        reward: judged?.reward?.shaped ?? null,
        gain: judged?.comparison?.logRatio ?? null,
        confirmed: confirmation?.type === 'confirmation' ? confirmation.confirmed : null,
      };
    });
  const best = end?.best ?? null;
  const bestConfirmation = own.find((r) => r.type === 'confirmation' && r.candidateId === best);
  return {
    id: run.runId,
    at: run.at,
    module: run.module,
    dataset: run.dataset.name,
    policy: run.policy.id,
    seed: run.seed,
    status: end?.status ?? 'unfinished',
    best,
    gain: bestConfirmation?.type === 'confirmation' ? bestConfirmation.comparison.logRatio : null,
    candidates,
  };
}

/** The runs of a ledger, in the order they were started. */
export function summariseRuns(records: readonly LedgerRecord[]): RunSummary[] {
  return records.filter((r) => r.type === 'run').map((run) => summariseRun(run, records));
}
