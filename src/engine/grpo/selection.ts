import type { SkipCount, SkipReason } from '../../protocol/grpo.ts';
import { type LedgerRecord, type RecordOf, recordsOf } from '../../protocol/ledger.ts';
import { normalisedRewards } from '../normalisedRewards.ts';

/** A completion that can be trained on. */
export interface LoggedCompletion {
  readonly candidateId: string;
  /** What the policy wrote: of a completion that was asked again, the first answer, which is the one rewarded. */
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Natural logarithms, as they were logged; empty where the policy gives none. */
  readonly logprobs: readonly number[];
  /** Shaped. */
  readonly reward: number;
  /** Measured, and not rejected for more than being slow or unconfirmed. */
  readonly valid: boolean;
  /** The answer broke off: it has no end to learn from. */
  readonly truncated: boolean;
}

/** A whole group of one policy and version, with rewards that differ. */
export interface LoggedGroup {
  readonly runId: string;
  readonly groupId: string;
  readonly module: RecordOf<'group'>['module'];
  readonly at: string;
  /** Names of the datasets that it was measured on. */
  readonly datasets: readonly string[];
  readonly sampling: Readonly<Record<string, unknown>>;
  /** What the policy was conditioned on. */
  readonly prompt: Readonly<Record<string, unknown>>;
  readonly completions: readonly LoggedCompletion[];
  readonly advantages: readonly number[];
  readonly meanReward: number;
}

export interface SelectionOptions {
  readonly policy: { readonly id: string; readonly version: string };
  /** Advantages are clipped to this; absent: not at all. */
  readonly advantageLimit?: number;
  /** Groups without token log-probabilities are of no use; off where they are computed anew. */
  readonly needsLogprobs: boolean;
}

export interface Selection {
  /** In the order of the ledger. */
  readonly groups: readonly LoggedGroup[];
  /** Groups of equal rewards: complete, and nothing to learn from. */
  readonly zeroVariance: readonly LoggedGroup[];
  /** Groups, and lines of the ledger, that were left out. */
  readonly skipped: readonly SkipCount[];
  /** Completions of the groups that were asked again: trained on as their first answer. */
  readonly repaired: number;
}

/** The groups of a ledger that a policy can be trained on, and what was left out, counted by reason. */
export function selectGroups(
  { records, problems }: { readonly records: readonly LedgerRecord[]; readonly problems: readonly unknown[] },
  options: SelectionOptions,
): Selection {
  const skips = new Map<SkipReason, number>();
  const skip = (reason: SkipReason, count = 1): void => {
    skips.set(reason, (skips.get(reason) ?? 0) + count);
  };
  if (problems.length > 0) skip('unreadable-line', problems.length);
  const groups: LoggedGroup[] = [];
  const zeroVariance: LoggedGroup[] = [];
  let repaired = 0;
  const index = indexed(records);
  for (const record of recordsOf(records, 'group')) {
    if (record.policy.id !== options.policy.id) {
      skip('other-policy');
      continue;
    }
    if (record.policy.version !== options.policy.version) {
      skip('other-version');
      continue;
    }
    const read = readGroup(record, index, options);
    if (typeof read === 'string') {
      skip(read);
      continue;
    }
    const isFlat = read.group.advantages.every((advantage) => advantage === 0);
    (isFlat ? zeroVariance : groups).push(read.group);
    if (isFlat) skip('zero-variance');
    else repaired += read.repaired;
  }
  return {
    groups,
    zeroVariance,
    skipped: [...skips].map(([reason, count]) => ({ reason, count })),
    repaired,
  };
}

interface Index {
  readonly runs: ReadonlyMap<string, RecordOf<'run'>>;
  readonly completions: ReadonlyMap<string, RecordOf<'completion'>[]>;
  readonly judgements: ReadonlyMap<string, RecordOf<'judgement'>>;
}

function indexed(records: readonly LedgerRecord[]): Index {
  const completions = new Map<string, RecordOf<'completion'>[]>();
  for (const record of recordsOf(records, 'completion')) {
    const key = `${record.runId}/${record.groupId}`;
    completions.set(key, [...(completions.get(key) ?? []), record]);
  }
  return {
    runs: new Map(recordsOf(records, 'run').map((run) => [run.runId, run])),
    completions,
    judgements: new Map(
      recordsOf(records, 'judgement').map((record) => [`${record.runId}/${record.candidateId}`, record]),
    ),
  };
}

/** A group with its rewards, or why it cannot be trained on. */
function readGroup(
  record: RecordOf<'group'>,
  { runs, completions, judgements }: Index,
  { advantageLimit, needsLogprobs }: SelectionOptions,
): { readonly group: LoggedGroup; readonly repaired: number } | SkipReason {
  const { runId, groupId, module, at, sampling, prompt } = record;
  const logged = completions.get(`${runId}/${groupId}`) ?? [];
  if (logged.length === 0 || logged.length !== record.completions) return 'incomplete';
  const read: LoggedCompletion[] = [];
  for (const completion of logged) {
    const judgement = judgements.get(`${runId}/${completion.candidateId}`);
    if (judgement === undefined) return 'incomplete';
    if (judgement.reward === null) return 'unrewarded';
    const { tokenIds, logprobs, answer } = completion;
    const hasLogprobs = tokenIds.length > 0 && logprobs.length === tokenIds.length;
    if (needsLogprobs && !(hasLogprobs && logprobs.every(Number.isFinite))) return 'missing-logprobs';
    // Of the answer that stands here: the first.
    const { finish } = answer?.repaired ?? answer ?? {};
    read.push({
      candidateId: completion.candidateId,
      text: answer?.repaired?.text ?? completion.text,
      tokenIds,
      logprobs,
      reward: judgement.reward.shaped,
      valid: answer?.repaired === undefined && isValid(judgement.verdict),
      truncated: finish !== undefined && finish !== 'stop',
    });
  }
  const { advantages, mean } = normalisedRewards(
    read.map(({ reward }) => reward),
    advantageLimit,
  );
  const datasets = runs.get(runId)?.datasets.filter(({ heldOut }) => !heldOut) ?? [];
  return {
    group: {
      runId,
      groupId,
      module,
      at,
      datasets: datasets.map(({ name }) => name),
      sampling,
      prompt,
      completions: read,
      advantages,
      meanReward: mean,
    },
    repaired: logged.filter(({ answer }) => answer?.repaired !== undefined).length,
  };
}

function isValid(verdict: RecordOf<'judgement'>['verdict']): boolean {
  if (verdict.kind === 'accepted') return true;
  return verdict.kind === 'rejected' && (verdict.reason === 'slower' || verdict.reason === 'not-confirmed');
}
