import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OptimizeReport } from '../protocol/optimize.ts';
import type { Facts } from '../protocol/policy.ts';
import { confirm } from './benchmark/confirm.ts';
import { profileReference } from './benchmark/referenceProfile.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { type Candidate, type CascadeContext, compareInput, judgeGroup, newCandidate } from './cascade.ts';
import { errorText, UserError } from './errors.ts';
import { ensureStateFolder, type LedgerWriter, openLedger } from './ledger/ledgerWriter.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { machineFingerprint } from './machine.ts';
import {
  importSide,
  measurementContext,
  type RunContext,
  type RunSetup,
  referenceOutcome,
  withRunContext,
} from './runContext.ts';
import { logGroup, type RunPlan, runRecord } from './runLog.ts';
import { type Best, runReport } from './runReport.ts';

export interface OptimizeRequest extends RunSetup, RunPlan {
  readonly locate: LocateRegion;
  /** `best` writes the confirmed winner into the workspace. */
  readonly apply: 'best' | 'none';
}

/** At most this many candidates are tried for confirmation, best first. */
const confirmTries = 3;
/** Share of the manifest's `budgets.candidateSeconds` that a confirmation takes. */
const confirmShare = 1;

/** The loop: sample a group, judge it, log it, next group; then confirm the winner with fresh eyes. */
export async function optimize(request: OptimizeRequest): Promise<OptimizeReport> {
  const { services, workspace, module, signal } = request;
  const started = services.clock.monotonic();
  if (workspace.regions[module].length === 0) {
    throw new UserError(
      'no-module',
      `annsmith.json: modules.${module}: the workspace names no regions of this module`,
      'Add the regions (file and symbol) that candidates may change; `annsmith modules` shows what there is.',
    );
  }
  const state = await ensureStateFolder(workspace.root);
  const ledger = openLedger(ledgerPath(workspace.root), services.clock);
  const runId = newRunId(services.clock.now());
  const folder = join(state, 'runs', runId);
  await mkdir(folder, { recursive: true });

  return withRunContext(request, async (run) => {
    // The reference: built once, its ef values placed, its chunk length found.
    const window = workspace.manifest.search.recallWindow;
    const profile = referenceOutcome(
      await profileReference({
        ...measurementContext(run, request.seed),
        reference: await importSide(run, 'reference', run.reference.library, run.reference.graph),
        window,
        ef: workspace.manifest.search.ef,
      }),
      signal,
    );
    await ledger.append(runRecord(runId, request, run));
    const context: CascadeContext = { run, module, profile, locate: request.locate, seed: request.seed };
    const candidates: Candidate[] = [];
    try {
      // Groups: sampled whole, judged, rewarded and logged one after the other.
      for (let round = 1; round <= request.rounds; round++) {
        const group = await sampleGroup(request, context, ledger, {
          runId,
          round,
          earlier: candidates,
          folder,
        });
        candidates.push(...group);
        await judgeGroup(context, group);
        await logGroup(ledger, runId, groupIdOf(round), group, candidates);
      }
      // The winner: measured again until one holds, best first.
      const best = await confirmBest(context, candidates, ledger, runId);
      if (best !== undefined) await writeFile(join(folder, 'best.patch'), best.candidate.patch!);
      const applied = best !== undefined && request.apply === 'best';
      if (applied) await applyToWorkspace(request, best.candidate);
      await ledger.append({ type: 'run-end', runId, status: 'done', best: best?.candidate.id ?? null });
      const seconds = (services.clock.monotonic() - started) / 1000;
      return runReport(request, { runId, profile, run, candidates, best, applied, folder, seconds });
    } catch (error) {
      const status = signal.aborted ? 'cancelled' : 'failed';
      await ledger.append({
        type: 'run-end',
        runId,
        status,
        best: null,
        ...(status === 'failed' ? { error: errorText(error) } : {}),
      });
      throw error;
    }
  });
}

/** Sorts by time, unique across processes. */
function newRunId(now: number): string {
  return `${new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-${randomBytes(2).toString('hex')}`;
}

function groupIdOf(round: number): string {
  return `g${round}`;
}

function factsOf({ workspace, dataset }: RunContext): Facts {
  const { isa, llcBytes } = machineFingerprint();
  const { M, efConstruction } = workspace.manifest.index;
  return { n: dataset.n, dim: dataset.dim, metric: dataset.metric, M, efConstruction, isa, llcBytes };
}

interface GroupPlace {
  readonly runId: string;
  readonly round: number;
  readonly earlier: readonly Candidate[];
  readonly folder: string;
}

async function sampleGroup(
  request: OptimizeRequest,
  { run }: CascadeContext,
  ledger: LedgerWriter,
  { runId, round, earlier, folder }: GroupPlace,
): Promise<Candidate[]> {
  const { policy, workspace, module } = request;
  request.services.reporter.progress({
    stage: 'sample',
    message: `round ${round}: sampling ${request.group} candidates`,
  });
  // Each round draws its own programs; the seed alone decides which.
  const seed = createHash('sha256').update(`${request.seed}/${round}`).digest().readUInt32LE(0);
  const facts = factsOf(run);
  const groupId = groupIdOf(round);
  await ledger.append({
    type: 'group',
    runId,
    groupId,
    round,
    policy: { id: policy.id, version: policy.version },
    sampling: { seed, group: request.group },
    prompt: { facts: { ...facts }, module },
  });
  const group: Candidate[] = [];
  const policyRequest = {
    module,
    manifest: workspace.manifest,
    files: workspace.files,
    facts,
    group: request.group,
    seed,
  };
  for await (const completion of policy.sample(policyRequest, request.signal)) {
    const candidate = newCandidate(`${groupId}c${group.length + 1}`, completion, workspace.files);
    const twin = [...earlier, ...group].find(
      (c) => c.patchHash !== null && c.patchHash === candidate.patchHash,
    );
    if (twin !== undefined) candidate.sameAs = twin.sameAs ?? twin.id;
    if (candidate.patch !== null) await writeFile(join(folder, `${candidate.id}.patch`), candidate.patch);
    await ledger.append({
      type: 'completion',
      runId,
      groupId,
      candidateId: candidate.id,
      text: completion.text,
      tokenIds: [...completion.tokenIds],
      logprobs: [...completion.logprobs],
      notes:
        completion.outcome.kind === 'files' ? [...completion.outcome.notes] : [completion.outcome.detail],
      patch: candidate.patch,
      patchHash: candidate.patchHash,
    });
    group.push(candidate);
  }
  return group;
}

async function confirmBest(
  context: CascadeContext,
  candidates: readonly Candidate[],
  ledger: LedgerWriter,
  runId: string,
): Promise<Best | undefined> {
  const { services, signal } = context.run;
  const hopeful = candidates
    .filter(
      (c) => c.verdict?.kind === 'accepted' && c.sameAs === undefined && (c.resident?.logRatio.low ?? 0) > 0,
    )
    .sort((a, b) => b.resident!.logRatio.value - a.resident!.logRatio.value);
  for (const candidate of hopeful.slice(0, confirmTries)) {
    services.reporter.progress({
      stage: 'confirm',
      message: `confirming candidate ${candidate.id} with fresh processes and held-out queries`,
    });
    const outcome = await confirm({
      ...(await compareInput(context, candidate, confirmShare)),
      seed: context.seed + 1,
      candidateProfile: candidate.profile!,
      claim: candidate.resident!.logRatio,
    });
    signal.throwIfAborted();
    if (outcome.kind !== 'measured') {
      services.logger.warn(`candidate ${candidate.id} could not be confirmed: ${JSON.stringify(outcome)}`);
      continue;
    }
    const confirmation = outcome.value;
    await ledger.append({
      type: 'confirmation',
      runId,
      candidateId: candidate.id,
      confirmed: confirmation.agrees,
      comparison: confirmation.comparison,
      latency: { ...confirmation.costs },
    });
    if (confirmation.agrees) return { candidate, confirmation };
    services.logger.warn(
      `candidate ${candidate.id}: the gain was not confirmed on held-out queries; trying the next`,
    );
  }
  return undefined;
}

/** Writes the winner over the saved files, each only if it is still what the run started from. */
async function applyToWorkspace({ workspace }: OptimizeRequest, candidate: Candidate): Promise<void> {
  for (const path of candidate.files.keys()) {
    if ((await readFile(join(workspace.root, path), 'utf8')) !== workspace.files.get(path)) {
      throw new UserError(
        'changed-meanwhile',
        `${path} was changed while the run was going; nothing was applied`,
        `Apply the patch by hand: it lies in .annsmith/runs.`,
      );
    }
  }
  for (const [path, text] of candidate.files) await writeFile(join(workspace.root, path), text);
}
