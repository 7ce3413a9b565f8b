import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GrpoRoundReport, SkipCount, SkipReason, TrainingMetrics } from '../protocol/grpo.ts';
import { skipTexts } from '../protocol/grpo.ts';
import type { LedgerRecord } from '../protocol/ledger.ts';
import { UserError } from './errors.ts';
import { type LoggedGroup, selectGroups } from './grpo/selection.ts';
import { type TrainerOptions, type TrainingGroupOf, train, trainerDefaults } from './grpo/trainer.ts';
import type { Grammar } from './policy/playbook/grammar.ts';
import type { PlaybookNetwork } from './policy/playbook/network/network.ts';
import {
  networkContext,
  PlaybookModel,
  type PlaybookSample,
  playbookSample,
  priorLogprobs,
} from './policy/playbook/network/playbookModel.ts';
import { readSituation } from './policy/playbook/network/situation.ts';
import { publishedPrior } from './policy/playbook/publishedPrior.ts';
import type { LoadedVersion, PolicyStore } from './policyStore.ts';
import type { Clock } from './ports.ts';
import { seededRandom } from './random.ts';

/** Logged log-probabilities may differ by this from what their version gives now: another machine's logarithms. */
const drift = 1e-6;

/** Groups of a ledger that a version of the built-in policy sampled and can learn from. */
export interface TrainingSet {
  readonly groups: readonly LoggedGroup[];
  readonly samples: readonly TrainingGroupOf<PlaybookSample>[];
  readonly skipped: readonly SkipCount[];
  readonly repaired: number;
}

export interface LedgerView {
  readonly records: readonly LedgerRecord[];
  /** Lines that could not be read. */
  readonly problems: readonly unknown[];
}

export interface UpdateInput {
  readonly store: PolicyStore;
  readonly clock: Clock;
  /** The version that sampled, and that the update starts from. */
  readonly from: LoadedVersion;
  readonly set: TrainingSet;
  /** Name of the workspace whose ledger it is. */
  readonly workspace: string;
  readonly seed: number;
  readonly options?: Partial<TrainerOptions>;
  readonly signal?: AbortSignal;
}

/** What a version can be trained on. `advantageLimit` clips the advantages; absent: not at all. */
export function trainingSet(
  ledger: LedgerView,
  { from, grammar }: { readonly from: LoadedVersion; readonly grammar: Grammar },
  advantageLimit?: number,
): TrainingSet {
  const selection = selectGroups(ledger, {
    policy: { id: 'playbook', version: from.version },
    needsLogprobs: true,
    ...(advantageLimit === undefined ? {} : { advantageLimit }),
  });
  const groups: LoggedGroup[] = [];
  const samples: TrainingGroupOf<PlaybookSample>[] = [];
  const skips = new Map<SkipReason, number>(selection.skipped.map(({ reason, count }) => [reason, count]));
  for (const group of selection.groups) {
    const read = samplesOf(group, grammar, from.network);
    if (typeof read === 'string') {
      skips.set(read, (skips.get(read) ?? 0) + 1);
      continue;
    }
    groups.push(group);
    samples.push(read);
  }
  return {
    groups,
    samples,
    skipped: [...skips].map(([reason, count]) => ({ reason, count })),
    repaired: selection.repaired,
  };
}

/** Of a set the groups that are named, as `RUN/GROUP`. */
export function onlyGroups(set: TrainingSet, names: readonly string[]): TrainingSet {
  const isNamed = set.groups.map(({ runId, groupId }) => names.includes(`${runId}/${groupId}`));
  return {
    ...set,
    groups: set.groups.filter((_, i) => isNamed[i]),
    samples: set.samples.filter((_, i) => isNamed[i]),
  };
}

/** One update of a version on its groups, kept as a new version. Nothing is promoted. @throws UserError without groups. */
export async function updateOnce({
  store,
  clock,
  from,
  set,
  workspace,
  seed,
  options,
  signal,
}: UpdateInput): Promise<{ readonly version: string; readonly metrics: TrainingMetrics }> {
  requireGroups(set, from.version);
  const started = clock.monotonic();
  const network = from.network.copy();
  const adam = { ...from.adam, first: from.adam.first.slice(), second: from.adam.second.slice() };
  const stats = await train(new PlaybookModel(network), set.samples, {
    adam,
    random: seededRandom(seed, `grpo/${from.version}`),
    options: { ...trainerDefaults, ...options },
    pause: pauses(clock, signal),
  });
  const completions = set.groups.flatMap((group) => group.completions);
  const metrics: TrainingMetrics = {
    groups: set.groups.length,
    completions: completions.length,
    ...rewardSummary(set.groups),
    ...stats,
    seconds: (clock.monotonic() - started) / 1000,
  };
  const times = set.groups.map(({ at }) => at).sort();
  const version = await store.save(
    from,
    { network, adam },
    {
      metrics,
      ledger: {
        workspace,
        runs: [...new Set(set.groups.map(({ runId }) => runId))],
        groups: set.groups.map(({ runId, groupId }) => `${runId}/${groupId}`),
        from: times[0]!,
        to: times.at(-1)!,
      },
    },
  );
  return { version, metrics };
}

/** Others get a turn at least this often: an update may take seconds, in a server that answers an editor. */
const longestTurnMs = 20;

/** Lets others work where it has been long, and throws where the work is aborted. */
function pauses(clock: Pick<Clock, 'monotonic'>, signal: AbortSignal | undefined): () => Promise<void> {
  let since = clock.monotonic();
  return async () => {
    if (clock.monotonic() - since < longestTurnMs) return;
    await nextTurn();
    signal?.throwIfAborted();
    since = clock.monotonic();
  };
}

/** Mean and best shaped reward over the completions of groups, and the share that was valid. */
export function rewardSummary(groups: readonly LoggedGroup[]): {
  readonly meanReward: number;
  readonly bestReward: number;
  readonly validFraction: number;
} {
  const completions = groups.flatMap((group) => group.completions);
  const rewards = completions.map(({ reward }) => reward);
  return {
    meanReward: rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length,
    bestReward: Math.max(...rewards),
    validFraction: completions.filter(({ valid }) => valid).length / completions.length,
  };
}

/** The same for the groups of each module. */
export function perModule({ groups }: TrainingSet): GrpoRoundReport['perModule'] {
  return [...new Set(groups.map(({ module }) => module))].map((module) => {
    const own = groups.filter((group) => group.module === module);
    return { module, groups: own.length, ...rewardSummary(own) };
  });
}

/** What was left out, in words, e.g. `2 with equal rewards throughout`. */
export function skippedText(skipped: readonly SkipCount[]): string {
  return skipped.map(({ reason, count }) => `${count} ${skipTexts[reason]}`).join('; ');
}

/** @throws UserError where there is nothing to train on, saying why. */
export function requireGroups({ groups, skipped }: TrainingSet, version: string): void {
  if (groups.length > 0) return;
  const reasons = new Set(skipped.map(({ reason }) => reason));
  const why = skipped.length === 0 ? 'the ledger has no groups' : skippedText(skipped);
  const of = (reason: SkipReason): boolean => reasons.has(reason);
  if (of('zero-variance')) {
    throw new UserError(
      'only-zero-variance',
      `no group of ${version} can be trained on: ${why}`,
      'Groups whose candidates differ are needed: larger groups (`--group`), another module, or a dataset with a footprint above the last-level cache.',
    );
  }
  if (of('missing-logprobs')) {
    throw new UserError(
      'missing-logprobs',
      `no group of ${version} can be trained on: ${why}`,
      'Sample new groups with `annsmith grpo` without --offline, or with `annsmith optimize`.',
    );
  }
  throw new UserError(
    'no-groups',
    `no group of ${version} can be trained on: ${why}`,
    'Sample some with `annsmith optimize`, or run `annsmith grpo` without --offline.',
  );
}

/** A group as the trainer takes it, or why it cannot be used. */
function samplesOf(
  { prompt, completions, advantages }: LoggedGroup,
  grammar: Grammar,
  network: PlaybookNetwork,
): TrainingGroupOf<PlaybookSample> | SkipReason {
  const situation = readSituation(prompt);
  if (situation === undefined || prompt['grammar'] !== grammar.version) return 'no-context';
  const context = networkContext(grammar, situation);
  const model = new PlaybookModel(network);
  const members: TrainingGroupOf<PlaybookSample>['completions'][number][] = [];
  for (const { tokenIds, logprobs } of completions) {
    const sample = playbookSample(grammar, publishedPrior, { situation, context }, tokenIds);
    if (sample === undefined) return 'other-context';
    const now = model.score(sample).logprobs;
    if (logprobs.some((logprob, t) => Math.abs(logprob - now[t]!) > drift)) return 'other-context';
    members.push({ sample, old: logprobs, ref: priorLogprobs(sample) });
  }
  return { completions: members, advantages };
}
