import { join } from 'node:path';
import type { Completion } from '../protocol/policy.ts';
import { sourceHash } from './codeState.ts';
import { logCompletion } from './completionLog.ts';
import { Journal } from './journal.ts';
import { newCandidate } from './judged.ts';
import { ensureStateFolder, openLedger } from './ledger/ledgerWriter.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { compilerVersion } from './machine.ts';
import type { Workspace } from './module/workspace.ts';
import type { Services } from './ports.ts';
import { newRunId } from './runId.ts';
import { logGroupEnd, logJudgement, type RunPlan, runRecord } from './runLog.ts';
import { storeReference } from './runReference.ts';

export interface UnusableProposal {
  readonly workspace: Workspace;
  readonly plan: RunPlan;
  /** Its outcome is `rejected`. */
  readonly completion: Completion;
  readonly services: Services;
}

/**
 * Writes the run of a proposal that cannot be used into the ledger, with the records that a run would have where its
 * only candidate was rejected: nothing has to be built for that verdict. Resolves with the run's id.
 */
export async function logUnusableProposal({
  workspace,
  plan,
  completion,
  services,
}: UnusableProposal): Promise<string> {
  const { root, files, manifest } = workspace;
  const { clock, processes } = services;
  const started = clock.monotonic();
  const [module] = plan.modules;
  const compiler = await compilerVersion(processes);
  const hash = sourceHash(files, manifest, compiler);
  const journal = new Journal(openLedger(ledgerPath(root), clock), newRunId(clock.now()), []);
  const folder = join(await ensureStateFolder(root), 'runs', journal.runId);
  await storeReference(folder, workspace, plan.modules);
  await journal.append(runRecord(plan, { workspace, sourceHash: hash }, compiler));
  const groupId = 'g1';
  const candidate = newCandidate(`${groupId}c1`, completion, files);
  await journal.append({
    type: 'group',
    groupId,
    module,
    round: 1,
    baseHash: hash,
    policy: { id: plan.policy.id, version: plan.policy.version },
    sampling: { seed: plan.seed, group: plan.group },
    prompt: { module },
    completions: 1,
  });
  await logCompletion(journal, groupId, folder, candidate);
  await logJudgement(journal, groupId, candidate, plan.aggregate);
  await logGroupEnd(journal, groupId, [candidate], [candidate], plan.aggregate);
  const seconds = (clock.monotonic() - started) / 1000;
  await journal.append({
    type: 'module-end',
    module,
    best: null,
    parts: [],
    patch: null,
    patchHash: null,
    seconds,
  });
  await journal.append({ type: 'run-end', status: 'done', best: [], applied: false });
  return journal.runId;
}
