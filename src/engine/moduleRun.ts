import type { Estimate } from '../protocol/measurement.ts';
import type { ModuleReport, PartReport } from '../protocol/optimize.ts';
import type { FileTexts } from '../protocol/policy.ts';
import { applyPatch } from './candidate/patch.ts';
import { judgeGroup } from './cascade.ts';
import type { CascadeContext } from './cascadeContext.ts';
import { type Confirmed, confirmCandidate } from './confirmation.ts';
import { UserError } from './errors.ts';
import type { Journal } from './journal.ts';
import { type Candidate, estimateOf, gainOf } from './judged.ts';
import { completionLeft, minimise } from './minimiser.ts';
import { logGroupEnd, logJudgement, type RunPlan } from './runLog.ts';
import { policyRequest, sampleGroup } from './sampling.ts';
import type { ModuleTime } from './timeBudget.ts';

/** At most this many candidates are tried for confirmation, best first. */
const confirmTries = 3;

export interface ModuleResult {
  readonly report: ModuleReport;
  readonly candidates: readonly Candidate[];
  /** What the module changes; empty when nothing was confirmed. */
  readonly files: FileTexts;
  /** The winner before and after minimising. */
  readonly winner: Candidate | undefined;
  readonly minimised: Candidate | undefined;
  readonly confirmation: Confirmed | undefined;
}

export interface ModuleRunInput {
  readonly plan: RunPlan;
  readonly journal: Journal;
  readonly folder: string;
  readonly time: ModuleTime;
  /** Index of the module's first group over the run. */
  readonly firstGroup: number;
  /** Makes the context that candidates are judged in. */
  readonly context: (onJudged: CascadeContext['onJudged']) => Promise<Omit<CascadeContext, 'deadline'>>;
}

interface Winner {
  readonly candidate: Candidate;
  readonly confirmation: Confirmed;
  readonly round: number;
}

/** One module: groups one after the other, then the winner, measured with fresh eyes and minimised. */
export async function runModule(input: ModuleRunInput): Promise<ModuleResult> {
  const { plan, journal, folder, time } = input;
  let groupId = '';
  const made = await input.context((candidate) => logJudgement(journal, groupId, candidate, plan.aggregate));
  const context: CascadeContext = { ...made, deadline: time.groupsUntil };
  const { module, run, state } = context;
  const { clock, logger } = run.services;
  const started = clock.monotonic();
  const candidates: Candidate[] = [];
  const roundOf = new Map<string, number>();
  let longest = 0;
  for (let round = 1; round <= plan.rounds; round++) {
    const begin = clock.monotonic();
    groupId = `g${input.firstGroup + round - 1}`;
    const begun = journal.group(groupId) !== undefined;
    // A module that ended before the run was cut off gets no further rounds.
    if (!begun && journal.moduleEnd(module) !== undefined) break;
    if (round > 1 && !begun && time.groupsUntil !== undefined && begin + longest > time.groupsUntil) {
      logger.info(`${module}: no time for round ${round}; ${round - 1} of ${plan.rounds} were done`);
      break;
    }
    const group = await sampled(context, journal, candidates, {
      groupId,
      round,
      size: plan.group,
      seed: plan.seed,
      policy: plan.policy,
      earlier: candidates,
      folder,
    });
    if (group === undefined) break;
    candidates.push(...group);
    for (const { id } of group) roundOf.set(id, round);
    await judgeGroup(context, group);
    await logGroupEnd(journal, groupId, group, candidates, plan.aggregate);
    longest = Math.max(longest, clock.monotonic() - begin);
  }

  const winner =
    plan.stopAfter === 'groups' ? undefined : await confirmBest(context, journal, candidates, roundOf);
  const minimised = winner === undefined ? undefined : await minimisedWinner(context, input, winner);
  const done = journal.moduleEnd(module);
  const seconds = done?.seconds ?? (clock.monotonic() - started) / 1000;
  const parts = minimised?.parts ?? [];
  if (done === undefined) {
    await journal.append({
      type: 'module-end',
      module,
      best: winner?.candidate.id ?? null,
      parts: [...parts],
      patch: minimised?.winner.patch ?? null,
      patchHash: minimised?.winner.patchHash ?? null,
      seconds,
    });
  }
  const files = changedBy(minimised?.winner, state.workspace.files);
  return {
    report: moduleReport(module, winner, minimised, parts, seconds),
    candidates,
    files,
    winner: winner?.candidate,
    minimised: minimised?.winner,
    confirmation: winner?.confirmation,
  };
}

/** The next group; undefined where a budget is used up after others: what they found is confirmed. */
async function sampled(
  context: CascadeContext,
  journal: Journal,
  earlier: readonly Candidate[],
  plan: Parameters<typeof sampleGroup>[2],
): Promise<Candidate[] | undefined> {
  try {
    return await sampleGroup(context, journal, plan);
  } catch (error) {
    const usedUp = error instanceof UserError && error.code === 'model-budget';
    if (!usedUp || earlier.length === 0) throw error;
    context.run.services.logger.warn(error.message);
    return undefined;
  }
}

function changedBy(candidate: Candidate | undefined, before: FileTexts): FileTexts {
  if (candidate === undefined || candidate.patch === null) return new Map();
  const applied = applyPatch(before, candidate.patch);
  if (applied.kind !== 'applied')
    throw new Error(`the winner does not apply to its own base: ${applied.detail}`);
  return applied.files;
}

function moduleReport(
  module: ModuleReport['module'],
  winner: Winner | undefined,
  minimised: { readonly winner: Candidate } | undefined,
  parts: readonly PartReport[],
  seconds: number,
): ModuleReport {
  if (winner === undefined || minimised === undefined) return { module, best: null, seconds };
  const { candidate, confirmation } = winner;
  return {
    module,
    seconds,
    best: {
      id: candidate.id,
      program: minimised.winner.completion.text,
      gain: confirmation.gain,
      speedup: confirmation.trials[0]?.comparison.speedupAt ?? [],
      parts,
    },
  };
}

/** The winner: measured again until one holds, best first. */
async function confirmBest(
  context: CascadeContext,
  journal: Journal,
  candidates: readonly Candidate[],
  roundOf: ReadonlyMap<string, number>,
): Promise<Winner | undefined> {
  const { services } = context.run;
  const hopeful = candidates
    .filter((c) => c.verdict?.kind === 'accepted' && c.sameAs === undefined && isMeasuredWhole(context, c))
    .filter((c) => gainAt(context, c).low > 0)
    .sort((a, b) => gainAt(context, b).value - gainAt(context, a).value);
  // A module that has ended keeps its winner, or that it has none.
  const done = journal.moduleEnd(context.module);
  const tried =
    done === undefined ? hopeful.slice(0, confirmTries) : hopeful.filter(({ id }) => id === done.best);
  for (const candidate of tried) {
    const known = journal.confirmation(candidate.id);
    if (known === undefined) {
      services.reporter.progress({
        stage: 'confirm',
        message: `confirming candidate ${candidate.id} with fresh processes and held-out queries`,
      });
    }
    const confirmation = known ?? (await confirmCandidate(context, candidate));
    if (confirmation === undefined) continue;
    const { confirmed, gain, trials } = confirmation;
    if (known === undefined) {
      await journal.append({
        type: 'confirmation',
        candidateId: candidate.id,
        confirmed,
        gain,
        trials: [...trials],
      });
    }
    if (confirmed) {
      return { candidate, confirmation: { confirmed, gain, trials }, round: roundOf.get(candidate.id) ?? 1 };
    }
    services.logger.warn(
      `candidate ${candidate.id}: the gain was not confirmed on held-out queries; trying the next`,
    );
  }
  return undefined;
}

function gainAt({ aggregate }: CascadeContext, candidate: Candidate): Estimate {
  return gainOf(candidate, aggregate) ?? { value: 0, low: 0, high: 0 };
}

/** Only what was timed on every whole dataset can win. */
function isMeasuredWhole({ whole }: CascadeContext, { trials }: Candidate): boolean {
  return whole.every(({ dataset: { name, n } }) =>
    trials.some((trial) => trial.dataset === name && trial.rows === n && estimateOf(trial) !== undefined),
  );
}

async function minimisedWinner(
  context: CascadeContext,
  { plan, journal, time }: ModuleRunInput,
  { candidate, confirmation, round }: Winner,
): Promise<{ readonly winner: Candidate; readonly parts: readonly PartReport[] }> {
  // A completion is taken apart by the policy that wrote it.
  const policy = plan.policy.members?.find(({ id }) => id === candidate.policyId) ?? plan.policy;
  const input = {
    policy,
    request: await policyRequest(context, journal.runId, {
      policy,
      round,
      size: plan.group,
      seed: plan.seed,
    }),
    winner: candidate,
    known: journal.all('ablation'),
  };
  const done = journal.moduleEnd(context.module);
  if (done?.patch) {
    // Library and graphs are those of the whole winner.
    if (done.patchHash === candidate.patchHash) return { winner: candidate, parts: done.parts };
    const { patch, patchHash } = done;
    const applied = applyPatch(context.state.workspace.files, patch);
    if (applied.kind !== 'applied')
      throw new Error(`${context.module}: its result does not apply to its base`);
    const winner: Candidate = {
      ...candidate,
      completion: completionLeft(input),
      files: applied.files,
      patch,
      patchHash,
      trials: [],
    };
    delete winner.library;
    return { winner, parts: done.parts };
  }
  return minimise(context, {
    ...input,
    gain: confirmation.gain,
    deadline: time.until,
    onAblation: (ablation) => journal.append({ type: 'ablation', ...ablation }),
  });
}
