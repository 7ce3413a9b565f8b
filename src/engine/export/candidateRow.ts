import * as z from 'zod';
import { type LedgerRecord, type RecordOf, recordsOf, type Trial } from '../../protocol/ledger.ts';
import type { Estimate, SpeedupAt } from '../../protocol/measurement.ts';
import type { ChatMessage } from '../../protocol/model.ts';
import type { ModuleName } from '../../protocol/module.ts';

/** What the ledger says of one candidate, in one place. */
export interface CandidateRow {
  readonly run: string;
  readonly group: string;
  readonly candidate: string;
  /** When its group was sampled, ISO 8601. */
  readonly at: string;
  readonly module: ModuleName;
  readonly round: number;
  /** Completions of its group. */
  readonly groupSize: number;
  readonly policy: { readonly id: string; readonly version: string };
  /** Names of the datasets that it was judged on. */
  readonly datasets: readonly string[];
  /** SHA-256 of the code that it is a change of. */
  readonly baseHash: string;
  /** What the policy was asked; undefined for a policy that is asked without words. */
  readonly prompt: readonly ChatMessage[] | undefined;
  /** Version of the prompt's template, and SHA-256 of its messages; empty where there is no prompt. */
  readonly template: string;
  readonly promptHash: string;
  /** Of a completion that was asked again, the first answer: it is the one that the prompt led to, and the one rewarded. */
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Natural logarithms, one per token; empty where the policy gives none. */
  readonly logprobs: readonly number[];
  /** Why it was asked again. The verdict, the gain and the trials are then of the second answer. */
  readonly repaired: string | undefined;
  /** It broke off: it has no end to learn from. */
  readonly truncated: boolean;
  /** `unfinished`: there is no judgement. */
  readonly verdict: 'accepted' | 'rejected' | 'failed' | 'cancelled' | 'unfinished';
  /** Why it was rejected, the check that did it, and what that found; empty otherwise. */
  readonly reason: string;
  readonly check: string;
  readonly detail: string;
  /** What training sees; null where nothing can be said of it. */
  readonly reward: number | null;
  readonly rawReward: number | null;
  /** Within its group; 0 where all rewards are equal, null where the group was not finished or it has no reward. */
  readonly advantage: number | null;
  /** ln(AUC candidate / AUC reference). */
  readonly gain: Estimate | null;
  /** With fresh processes and held-out queries; null where that was not tried. */
  readonly confirmed: boolean | null;
  /** An earlier candidate of the run with the same code, whose judgement it shares. */
  readonly sameAs: string | undefined;
  /** At several recalls, by dataset; of the most rows that it was measured on. */
  readonly speedups: readonly { readonly dataset: string; readonly at: readonly SpeedupAt[] }[];
  /** Seconds per stage. */
  readonly timings: Readonly<Record<string, number>>;
}

/** What a group's record says of the prompt, where the policy has one. */
const promptSchema = z.object({
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
  template: z.string().default(''),
  hash: z.string().default(''),
});

/** Every candidate of a ledger, in its order. A completion whose group cannot be read is left out. */
export function candidateRows(records: readonly LedgerRecord[]): CandidateRow[] {
  const byGroup = <T extends { runId: string; groupId: string }>(list: readonly T[]): Map<string, T> =>
    new Map(list.map((record) => [`${record.runId}/${record.groupId}`, record]));
  const byCandidate = <T extends { runId: string; candidateId: string }>(
    list: readonly T[],
  ): Map<string, T> => new Map(list.map((record) => [`${record.runId}/${record.candidateId}`, record]));
  const runs = new Map(recordsOf(records, 'run').map((run) => [run.runId, run]));
  const groups = byGroup(recordsOf(records, 'group'));
  const ends = byGroup(recordsOf(records, 'group-end'));
  const judgements = byCandidate(recordsOf(records, 'judgement'));
  const confirmations = byCandidate(recordsOf(records, 'confirmation'));
  return recordsOf(records, 'completion').flatMap((completion) => {
    const { runId, groupId, candidateId } = completion;
    const group = groups.get(`${runId}/${groupId}`);
    if (group === undefined) return [];
    const key = `${runId}/${candidateId}`;
    const parts = {
      run: runs.get(runId),
      group,
      end: ends.get(`${runId}/${groupId}`),
      judgement: judgements.get(key),
      confirmation: confirmations.get(key),
    };
    return [rowOf(completion, parts)];
  });
}

interface Parts {
  readonly run: RecordOf<'run'> | undefined;
  readonly group: RecordOf<'group'>;
  readonly end: RecordOf<'group-end'> | undefined;
  readonly judgement: RecordOf<'judgement'> | undefined;
  readonly confirmation: RecordOf<'confirmation'> | undefined;
}

function rowOf(completion: RecordOf<'completion'>, parts: Parts): CandidateRow {
  const { run, group, end, judgement, confirmation } = parts;
  const { candidateId, answer } = completion;
  // Of the answer that stands here: the first.
  const { finish } = answer?.repaired ?? answer ?? {};
  const prompt = promptSchema.safeParse(group.prompt).data;
  const verdict = judgement?.verdict;
  const rejected = verdict?.kind === 'rejected' ? verdict : undefined;
  const reward = judgement?.reward ?? null;
  return {
    run: group.runId,
    group: group.groupId,
    candidate: candidateId,
    at: group.at,
    module: group.module,
    round: group.round,
    groupSize: group.completions,
    policy: group.policy,
    datasets: run?.datasets.filter(({ heldOut }) => !heldOut).map(({ name }) => name) ?? [],
    baseHash: group.baseHash,
    prompt: prompt?.messages,
    template: prompt?.template ?? '',
    promptHash: prompt?.hash ?? '',
    text: answer?.repaired?.text ?? completion.text,
    tokenIds: completion.tokenIds,
    logprobs: completion.logprobs,
    repaired: answer?.repaired?.reason,
    truncated: finish !== undefined && finish !== 'stop',
    verdict: verdict?.kind ?? 'unfinished',
    reason: rejected?.reason ?? '',
    check: rejected?.check ?? '',
    detail: rejected?.detail ?? (verdict?.kind === 'failed' ? verdict.error : ''),
    reward: reward?.shaped ?? null,
    rawReward: reward?.raw ?? null,
    advantage: advantageOf(end, candidateId),
    gain: judgement?.gain ?? null,
    confirmed: confirmation?.confirmed ?? null,
    sameAs: judgement?.sameAs,
    speedups: speedupsOf(judgement?.trials ?? []),
    timings: judgement?.timings ?? {},
  };
}

function advantageOf(end: RecordOf<'group-end'> | undefined, candidate: string): number | null {
  if (end === undefined || end.rewards[candidate] === undefined) return null;
  return end.advantages === null ? 0 : (end.advantages[candidate] ?? null);
}

/** A construction candidate is measured on a subset first, and on everything only where it is among the best. */
function speedupsOf(trials: readonly Trial[]): CandidateRow['speedups'] {
  const largest = new Map<string, Trial>();
  for (const trial of trials) {
    if (trial.comparison === null) continue;
    const known = largest.get(trial.dataset);
    if (known === undefined || trial.rows >= known.rows) largest.set(trial.dataset, trial);
  }
  return [...largest.values()].map(({ dataset, comparison }) => ({
    dataset,
    at: comparison?.speedupAt ?? [],
  }));
}
