import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { Facts, Policy, PolicyRequest } from '../protocol/policy.ts';
import type { CascadeContext } from './cascadeContext.ts';
import { UserError } from './errors.ts';
import { evidenceOf } from './evidence.ts';
import type { Journal } from './journal.ts';
import { type Candidate, newCandidate } from './judged.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { machineFingerprint } from './machine.ts';

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

function factsOf({ state }: CascadeContext, dataset: PreparedDataset): Facts {
  const { isa, llcBytes } = machineFingerprint();
  const { M, efConstruction } = state.workspace.manifest.index;
  return { n: dataset.n, dim: dataset.dim, metric: dataset.metric, M, efConstruction, isa, llcBytes };
}

/** What a policy is asked for a group. Each round draws its own programs; the run's seed alone decides which. */
export async function policyRequest(
  context: CascadeContext,
  runId: string,
  { policy, round, size, seed }: Pick<GroupPlan, 'policy' | 'round' | 'size' | 'seed'>,
): Promise<PolicyRequest> {
  const { workspace } = context.state;
  // Only a prompt shows candidates of before.
  const records = policy.prompt === undefined ? [] : (await readLedger(ledgerPath(workspace.root))).records;
  return {
    module: context.module,
    manifest: workspace.manifest,
    files: workspace.files,
    facts: factsOf(context, context.whole[0]!.dataset),
    group: size,
    seed: createHash('sha256').update(`${seed}/${round}`).digest().readUInt32LE(0),
    regions: workspace.regions[context.module],
    evidence: evidenceOf(context, { runId, records }),
  };
}

/** A group, sampled whole from one policy and logged; one that is in the ledger already comes from there. */
export async function sampleGroup(
  context: CascadeContext,
  journal: Journal,
  plan: GroupPlan,
): Promise<Candidate[]> {
  const { run, module, state } = context;
  const { groupId, round, policy, folder } = plan;
  const { files } = state.workspace;
  const logged = journal.group(groupId);
  if (logged !== undefined && logged.baseHash !== state.sourceHash) {
    throw new UserError(
      'run-stale',
      `group ${groupId} of run ${journal.runId} was sampled for other code than what the modules before ${module} leave now`,
      'Its ledger was changed by hand, or is damaged; start a new run with `annsmith optimize`.',
    );
  }
  const known = journal.candidates(groupId, files);
  if (logged !== undefined && known.length === logged.completions) return withTwins(known, plan.earlier);
  run.services.reporter.progress({
    stage: 'sample',
    message: `${module}, round ${round}: sampling ${plan.size} candidates`,
  });
  const request = await policyRequest(context, journal.runId, plan);
  const group: Candidate[] = [];
  for await (const completion of policy.sample(request, run.signal)) {
    // A policy that samples anew after a cut fills the group that was begun.
    if (group.length === logged?.completions) break;
    group.push(newCandidate(`${groupId}c${group.length + 1}`, completion, files));
  }
  if (logged === undefined) {
    await journal.append({
      type: 'group',
      groupId,
      module,
      round,
      baseHash: state.sourceHash,
      policy: { id: policy.id, version: policy.version },
      sampling: { seed: request.seed, group: request.group },
      prompt: { facts: { ...request.facts }, module, ...policy.prompt?.(request) },
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

async function logCompletion(
  journal: Journal,
  groupId: string,
  folder: string,
  candidate: Candidate,
): Promise<void> {
  const { id, completion, patch, patchHash } = candidate;
  const { text, tokenIds, logprobs, outcome, answer } = completion;
  if (patch !== null) await writeFile(join(folder, `${id}.patch`), patch);
  await journal.append({
    type: 'completion',
    groupId,
    candidateId: id,
    text,
    tokenIds: [...tokenIds],
    logprobs: [...logprobs],
    notes: outcome.kind === 'files' ? [...outcome.notes] : [outcome.detail],
    patch,
    patchHash,
    ...(answer === undefined ? {} : { answer }),
    ...(outcome.kind === 'rejected' ? { unusable: { reason: outcome.reason, detail: outcome.detail } } : {}),
  });
}

function withTwins(group: readonly Candidate[], earlier: readonly Candidate[]): Candidate[] {
  for (const [i, candidate] of group.entries()) {
    const twin = [...earlier, ...group.slice(0, i)].find(
      (c) => c.patchHash !== null && c.patchHash === candidate.patchHash,
    );
    if (twin !== undefined) candidate.sameAs = twin.sameAs ?? twin.id;
  }
  return [...group];
}
