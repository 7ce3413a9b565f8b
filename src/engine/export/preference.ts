import type { CandidateRow } from './candidateRow.ts';
import { jsonLines } from './jsonLines.ts';
import { isPrompted, type PromptedRow, passed, type Selection } from './selection.ts';

/** A difference in reward that is clear by default: 0.1 is about 10 % in queries per second. */
export const defaultMargin = 0.1;

export interface PreferencePair {
  readonly chosen: PromptedRow;
  readonly rejected: PromptedRow;
}

/**
 * Pairs within a group: its best completion that passed every check and came to its end, against each other one that is
 * clearly worse. Clearly: its reward is lower by `margin` at least, and where both were measured their intervals do not
 * meet. A group without such a best gives no pair: that one failure is worse than another is nothing to learn from.
 */
export function preferencePairs(group: readonly PromptedRow[], margin: number): PreferencePair[] {
  const candidates = group.filter((row) => passed(row) && !row.truncated && row.reward !== null);
  const [first, ...others] = candidates;
  if (first === undefined) return [];
  const chosen = others.reduce((a, b) => (b.reward! > a.reward! ? b : a), first);
  const texts = new Set([chosen.text]);
  return group.flatMap((rejected) => {
    if (texts.has(rejected.text) || !clearlyWorse(rejected, chosen, margin)) return [];
    texts.add(rejected.text);
    return [{ chosen, rejected }];
  });
}

function clearlyWorse(row: CandidateRow, best: CandidateRow, margin: number): boolean {
  if (row.reward === null || best.reward === null || best.reward - row.reward < margin) return false;
  if (!isRewardMeasured(row) || row.gain === null || best.gain === null) return true;
  return row.gain.high < best.gain.low;
}

/** The reward stands for a measured gain of this text, and not for a failure or for a second answer. */
function isRewardMeasured({ repaired, verdict, reason }: CandidateRow): boolean {
  if (repaired !== undefined) return false;
  return verdict === 'accepted' || reason === 'slower' || reason === 'not-confirmed';
}

/** The pairs of every group, and the candidates that are in one. */
export function preferenceSelection(
  selection: Selection,
  margin: number,
): { readonly selection: Selection; readonly pairs: readonly PreferencePair[] } {
  const pairs = selection.groups().flatMap((group) => preferencePairs(group.filter(isPrompted), margin));
  const used = new Set<CandidateRow>(pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]));
  return { selection: selection.keep('no-clear-margin', (row) => used.has(row)), pairs };
}

/**
 * JSON Lines in TRL's conversational preference form with the prompt apart, for `DPOTrainer` and `RewardTrainer`:
 * `prompt`, `chosen` and `rejected` are what they read.
 */
export function preferenceLines(pairs: readonly PreferencePair[]): string {
  return jsonLines(pairs.map(preferenceLine));
}

function preferenceLine({ chosen, rejected }: PreferencePair): object {
  return {
    prompt: chosen.prompt.map(({ role, content }) => ({ role, content })),
    chosen: [{ role: 'assistant', content: chosen.text }],
    rejected: [{ role: 'assistant', content: rejected.text }],
    score_chosen: chosen.reward,
    score_rejected: rejected.reward,
    module: chosen.module,
    policy: chosen.policy.id,
    run: chosen.run,
    chosen_candidate: chosen.candidate,
    rejected_candidate: rejected.candidate,
  };
}
