import { usageOf, usageText } from '../protocol/model.ts';
import { type Policy, type PolicyRequest, unusableReasons } from '../protocol/policy.ts';
import type { CascadeContext } from './cascadeContext.ts';
import { applyAndCompile } from './cascadeStages.ts';
import { logCompletion } from './completionLog.ts';
import { UserError } from './errors.ts';
import { evidenceOf, groupOutcomes } from './evidence.ts';
import type { Journal } from './journal.ts';
import { type Candidate, newCandidate } from './judged.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { mapParallel } from './parallel.ts';
import { derivedSeed, policyRequestOf } from './policyRequest.ts';
import { withTwins } from './twins.ts';

/** Candidates compiled, and asked for again, at once. */
const repairWidth = 2;

export interface GroupPlan {
  readonly groupId: string;
  readonly round: number;
  readonly size: number;
  readonly seed: number;
  readonly policy: Policy;
  /** Candidates of the module so far; a twin of one of them shares its judgement. */
  readonly earlier: readonly Candidate[];
  /** Where patches go. */
  readonly folder: string;
}

/** What a policy is asked for a group. */
export async function policyRequest(
  context: CascadeContext,
  runId: string,
  { policy, round, size, seed }: Pick<GroupPlan, 'policy' | 'round' | 'size' | 'seed'>,
): Promise<PolicyRequest> {
  const { workspace } = context.state;
  // Only some policies look at candidates of before.
  const looks = policy.prompt !== undefined || policy.condition !== undefined;
  const records = looks ? (await readLedger(ledgerPath(workspace.root))).records : [];
  return policyRequestOf({
    workspace,
    module: context.module,
    dataset: context.whole[0]!.dataset,
    evidence: evidenceOf(context, { runId, records }),
    group: size,
    seed,
    round,
  });
}

/** A group, sampled whole from one policy and logged; one that is in the ledger already comes from there. */
export async function sampleGroup(
  context: CascadeContext,
  journal: Journal,
  plan: GroupPlan,
): Promise<Candidate[]> {
  const { run, module, state } = context;
  const { groupId, round, folder } = plan;
  const { files } = state.workspace;
  const logged = journal.group(groupId);
  const policy = await policyOf(context, journal.runId, plan, logged?.policy.id);
  if (logged !== undefined && logged.baseHash !== state.sourceHash) {
    throw new UserError(
      'run-stale',
      `group ${groupId} of run ${journal.runId} was sampled for other code than what the modules before ${module} leave now`,
      'Its ledger was changed by hand, or is damaged; start a new run with `annsmith optimize`.',
    );
  }
  const known = journal.candidates(groupId, files);
  for (const candidate of known) mark(context, policy, candidate);
  if (logged !== undefined && known.length === logged.completions) return withTwins(known, plan.earlier);
  run.services.reporter.progress({
    stage: 'sample',
    message: `${module}, round ${round}: sampling ${plan.size} candidates from ${policy.id}`,
  });
  const { clock } = run.services;
  const begin = clock.monotonic();
  const request = await policyRequest(context, journal.runId, { ...plan, policy });
  const group: Candidate[] = [];
  const limit = samplingLimit(context, policy);
  try {
    for await (const completion of policy.sample(request, limit.signal)) {
      // A policy that samples anew after a cut fills the group that was begun.
      if (group.length === logged?.completions) break;
      const candidate = newCandidate(`${groupId}c${group.length + 1}`, completion, files);
      mark(context, policy, candidate);
      group.push(candidate);
      const answers = group.flatMap((other) => other.completion.answer ?? []);
      if (answers.length > 0) {
        run.services.reporter.progress({
          stage: 'sample',
          message: `${module}, round ${round}: ${answers.length} of ${plan.size} answers from ${policy.id}, ${usageText(usageOf(answers))}`,
          fraction: answers.length / plan.size,
        });
      }
    }
  } catch (error) {
    const why = limit.reached() ? outOfTime(policy) : error;
    // What was had before is paid for, and is judged.
    if (group.length === 0 || run.signal.aborted || !(why instanceof UserError)) throw why;
    run.services.logger.warn(`${why.message}; the ${group.length} candidates that came are judged`);
  } finally {
    limit.end();
  }
  const seconds = (clock.monotonic() - begin) / 1000;
  if (policy.repair !== undefined) await repairGroup(context, policy, request, group);
  if (logged === undefined) {
    await journal.append({
      type: 'group',
      groupId,
      module,
      round,
      baseHash: state.sourceHash,
      policy: { id: policy.id, version: policy.version },
      seconds,
      sampling: { seed: request.seed, group: request.group, ...policy.sampling },
      prompt: {
        facts: { ...request.facts },
        module,
        ...policy.condition?.(request),
        ...policy.prompt?.(request),
      },
      completions: group.length,
    });
  }
  for (const [i, candidate] of group.entries()) {
    const earlier = known.find(({ id }) => id === candidate.id);
    if (earlier === undefined) await logCompletion(journal, groupId, folder, candidate);
    else group[i] = earlier;
  }
  return withTwins(group, plan.earlier);
}

/** However little time a module has left, a model gets this long for its answers. */
const leastSamplingMs = 300_000;

/** Ends the sampling of a model with the time of its module. */
function samplingLimit(
  { run, deadline }: CascadeContext,
  policy: Policy,
): { readonly signal: AbortSignal; reached(): boolean; end(): void } {
  if (deadline === undefined || policy.prompt === undefined) {
    return { signal: run.signal, reached: () => false, end: () => undefined };
  }
  const over = new AbortController();
  const left = Math.max(leastSamplingMs, deadline - run.services.clock.monotonic());
  const timer = setTimeout(() => over.abort(), left);
  return {
    signal: AbortSignal.any([run.signal, over.signal]),
    reached: () => over.signal.aborted && !run.signal.aborted,
    end: () => clearTimeout(timer),
  };
}

function outOfTime({ id }: Policy): UserError {
  return new UserError(
    'model-timeout',
    `${id} has not answered in the time that the module has`,
    'Raise --budget (annsmith.budgetMinutes), or choose a faster model.',
  );
}

/** The policy of a group: as it was logged, else as the mix chooses. */
async function policyOf(
  { state }: CascadeContext,
  runId: string,
  { policy, seed, groupId }: GroupPlan,
  logged: string | undefined,
): Promise<Policy> {
  if (policy.members === undefined || policy.choose === undefined) return policy;
  const known = policy.members.find(({ id }) => id === logged);
  if (known !== undefined) return known;
  const { records } = await readLedger(ledgerPath(state.workspace.root));
  return policy.choose(groupOutcomes(records, runId), derivedSeed(seed, groupId));
}

/** What a candidate is held to, and what tells its twins. */
function mark({ state, module }: CascadeContext, policy: Policy, candidate: Candidate): void {
  candidate.policyId = policy.id;
  if (policy.style === undefined || candidate.patch === null) return;
  const { files, regions } = state.workspace;
  candidate.style = policy.style;
  const change = { before: files, after: candidate.files, regions: regions[module] };
  // The gate reads comments too: what it refuses is no twin of the same code that is explained.
  if (policy.style.refusals(change).length > 0) return;
  candidate.codeHash = policy.style.codeHash(change);
}

/**
 * Compiles a group before it is logged, and asks once more for what cannot be applied or compiled: the second answer
 * takes the place of the first.
 */
async function repairGroup(
  context: CascadeContext,
  policy: Policy,
  request: PolicyRequest,
  group: Candidate[],
): Promise<void> {
  const { run, state } = context;
  await mapParallel([...group.entries()], repairWidth, async ([i, candidate]) => {
    if (candidate.verdict === undefined) {
      run.services.reporter.progress({ stage: 'compile', message: `compiling candidate ${candidate.id}` });
      await applyAndCompile(context, candidate);
    }
    const { verdict, completion, id } = candidate;
    const reason = verdict?.kind === 'rejected' && unusableReasons.find((other) => other === verdict.reason);
    if (!reason || verdict?.kind !== 'rejected') return;
    run.services.logger.info(`candidate ${id}: ${reason}; asking ${policy.id} once more`);
    const repaired = await policy
      .repair?.(request, completion, { reason, why: verdict.detail }, run.signal)
      .catch((error: unknown) => {
        if (run.signal.aborted || !(error instanceof UserError)) throw error;
        run.services.logger.warn(`candidate ${id}: no second answer: ${error.message}`);
        return undefined;
      });
    if (repaired === undefined) return;
    const second = newCandidate(id, repaired, state.workspace.files);
    mark(context, policy, second);
    if (second.verdict === undefined) await applyAndCompile(context, second);
    group[i] = second;
  });
}
