import { join } from 'node:path';
import type { LedgerRecord } from '../../protocol/ledger.ts';
import type { Estimate } from '../../protocol/measurement.ts';

/** The ledger of a workspace. */
export function ledgerPath(workspaceRoot: string): string {
  return join(workspaceRoot, '.annsmith', 'ledger.jsonl');
}

export interface CandidateSummary {
  readonly id: string;
  readonly module: string;
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
  /** e.g. `search`, or `construction, search`. */
  readonly module: string;
  /** Held-out ones left out. */
  readonly dataset: string;
  readonly policy: string;
  readonly seed: number;
  /** It sampled groups to train the policy on: nothing of it is confirmed or proposed. */
  readonly forTraining: boolean;
  /** `unfinished`: the ledger has no end of this run. */
  readonly status: 'done' | 'cancelled' | 'failed' | 'unfinished';
  /** Confirmed winners, one per module that has one. */
  readonly best: readonly string[];
  /** Of everything together, as confirmed. */
  readonly gain: Estimate | null;
  readonly candidates: readonly CandidateSummary[];
}

function summariseRun(
  run: Extract<LedgerRecord, { type: 'run' }>,
  records: readonly LedgerRecord[],
): RunSummary {
  const own = records.filter((r) => r.runId === run.runId);
  // A run that was cut off and resumed has several ends.
  const end = own.findLast((r) => r.type === 'run-end' || r.type === 'resume');
  const candidates = own
    .filter((r) => r.type === 'completion')
    .map((completion): CandidateSummary => {
      const judgement = own.find((r) => r.type === 'judgement' && r.candidateId === completion.candidateId);
      const confirmation = own.find(
        (r) => r.type === 'confirmation' && r.candidateId === completion.candidateId,
      );
      const judged = judgement?.type === 'judgement' ? judgement : undefined;
      const verdict = judged?.verdict;
      const group = own.find((r) => r.type === 'group' && r.groupId === completion.groupId);
      return {
        id: completion.candidateId,
        module: group?.type === 'group' ? group.module : '',
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
        gain: judged?.gain ?? null,
        confirmed: confirmation?.type === 'confirmation' ? confirmation.confirmed : null,
      };
    });
  const total = own.findLast((r) => r.type === 'total');
  const ended = end?.type === 'run-end' ? end : undefined;
  return {
    id: run.runId,
    at: run.at,
    module: run.modules.join(', '),
    dataset: run.datasets
      .filter(({ heldOut }) => !heldOut)
      .map(({ name }) => name)
      .join(', '),
    policy: run.policy.id,
    seed: run.seed,
    forTraining: run.stopAfter === 'groups',
    status: ended?.status ?? 'unfinished',
    best: ended?.best ?? [],
    gain: total?.type === 'total' ? total.gain : null,
    candidates,
  };
}

/** The runs of a ledger, in the order they were started. */
export function summariseRuns(records: readonly LedgerRecord[]): RunSummary[] {
  return records.filter((r) => r.type === 'run').map((run) => summariseRun(run, records));
}
