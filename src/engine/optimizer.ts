import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleName } from '../protocol/module.ts';
import type { OptimizeReport } from '../protocol/optimize.ts';
import { applyToWorkspace } from './applyToWorkspace.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { type CodeState, compileState } from './codeState.ts';
import { errorText, Interrupted, UserError, withDiskFull } from './errors.ts';
import { Journal } from './journal.ts';
import { ensureStateFolder, openLedger } from './ledger/ledgerWriter.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import type { Workspace } from './module/workspace.ts';
import { type ModuleResult, runModule } from './moduleRun.ts';
import { withProcessLock } from './processLock.ts';
import { referenceReports } from './referenceReports.ts';
import { requireRegions } from './requireRegions.ts';
import { earlierOf } from './resume.ts';
import { type RunContext, withRunContext } from './runContext.ts';
import { newRunId } from './runId.ts';
import { type RunPlan, runRecord } from './runLog.ts';
import { storeReference } from './runReference.ts';
import { runReport } from './runReport.ts';
import { cascadeContext, firstStand, gateCostsOf, nextStand } from './stand.ts';
import { TimeBudget } from './timeBudget.ts';
import { measureTotal } from './total.ts';
import { writeWhole } from './wholeFile.ts';

export interface OptimizeRequest extends RunPlan, Pick<RunContext, 'services' | 'signal'> {
  readonly workspace: Workspace;
  readonly locate: LocateRegion;
  /** Go on with this run; the rest of the request is what it was started with. */
  readonly resume?: string;
  /** Called once the run is in the ledger: from here on it can be resumed. */
  readonly onRun?: (runId: string) => void;
}

/** The loop over modules: each is optimized from the best confirmed state of the one before. */
export async function optimize(request: OptimizeRequest): Promise<OptimizeReport> {
  const { services, workspace, modules } = request;
  for (const module of modules) requireRegions(workspace, module);
  const stateFolder = await ensureStateFolder(workspace.root);
  const runId = request.resume ?? newRunId(services.clock.now());
  const folder = join(stateFolder, 'runs', runId);
  return withProcessLock(folder, { onWait: () => refuseActive(runId) }, async () => {
    // Read while no other process can go on with the run.
    const { records, workspace: asStarted } =
      request.resume === undefined ? { records: [], workspace } : await earlierOf(runId, request);
    const journal = new Journal(openLedger(ledgerPath(workspace.root), services.clock), runId, records);
    await mkdir(folder, { recursive: true });
    return withRunContext(request, (run) =>
      journalled({ ...request, workspace: asStarted }, run, journal, folder),
    );
  }).catch((error: unknown) => {
    throw withDiskFull(error);
  });
}

/** The run between its first record and its last. */
async function journalled(
  request: OptimizeRequest,
  run: RunContext,
  journal: Journal,
  folder: string,
): Promise<OptimizeReport> {
  const { clock, logger } = run.services;
  const started = clock.monotonic();
  const reference = await compileState(run, 'reference', request.workspace);
  await storeReference(folder, request.workspace, request.modules);
  await journal.append(journal.resumed ? { type: 'resume' } : runRecord(request, reference, run.compiler));
  request.onRun?.(journal.runId);
  try {
    const report = await runModules(request, run, journal, reference, folder);
    return { ...report, seconds: journal.spentSeconds + (clock.monotonic() - started) / 1000 };
  } catch (error) {
    // Cut off, not cancelled: the run has no end.
    if (run.signal.reason instanceof Interrupted) throw error;
    const status = run.signal.aborted ? 'cancelled' : 'failed';
    const why = status === 'failed' ? { error: errorText(error) } : {};
    await journal
      .append({ type: 'run-end', status, best: [], applied: false, ...why })
      // A full disk fails the run and its last record alike: the first reason is the one to show.
      .catch((second: unknown) => logger.warn(errorText(second)));
    logger.info(`\`annsmith runs resume ${journal.runId}\` goes on with this run`);
    throw error;
  }
}

async function runModules(
  request: OptimizeRequest,
  run: RunContext,
  journal: Journal,
  reference: CodeState,
  folder: string,
): Promise<Omit<OptimizeReport, 'seconds'>> {
  const { modules } = request;
  const { budgetSeconds } = request;
  const left = budgetSeconds === undefined ? undefined : Math.max(0, budgetSeconds - journal.spentSeconds);
  const budget = new TimeBudget(run.services.clock, left);
  const original = await firstStand(request, run, reference);
  const gateCosts = gateCostsOf(original.whole);
  const undone = modules.filter((module) => journal.moduleEnd(module) === undefined);
  const reports = await referenceReports(run, reference, original.small[0]!, [
    ...(undone.some((module) => module !== 'construction') ? (['address'] as const) : []),
    ...(undone.includes('construction') ? (['address-build', 'thread-build'] as const) : []),
  ]);
  const results: ModuleResult[] = [];
  let stand = original;
  for (const [i, module] of modules.entries()) {
    const before = stand;
    // A module that has ended is not judged again.
    const onHeads = module === 'construction' && journal.moduleEnd(module) === undefined;
    const result = await runModule({
      plan: request,
      journal,
      folder,
      time: budget.next(modules.slice(i) as [ModuleName, ...ModuleName[]]),
      firstGroup: 1 + i * request.rounds,
      context: async (onJudged) => ({
        ...(await cascadeContext(request, run, module, before, gateCosts, onHeads)),
        referenceReports: reports,
        onJudged,
      }),
    });
    results.push(result);
    const isLast = i === modules.length - 1;
    if (result.files.size > 0) stand = await nextStand(request, run, stand, result, module, isLast);
  }
  // Everything together against the workspace as saved, with fresh eyes.
  const total = await measureTotal({
    run,
    journal,
    plan: request,
    original: original.whole,
    final: stand,
    winners: results,
  });
  const applied = total !== undefined && request.apply === 'best';
  if (total !== undefined) await writeWhole(join(folder, 'best.patch'), total.patch);
  if (applied) await applyToWorkspace(original.state.workspace, total.files, folder);
  const best = results.flatMap(({ winner }) => (winner === undefined ? [] : [winner.id]));
  await journal.append({
    type: 'run-end',
    status: 'done',
    best: total === undefined ? [] : best,
    applied,
  });
  return runReport({
    plan: request,
    runId: journal.runId,
    original: original.whole,
    results,
    total,
    applied,
    folder,
  });
}

function refuseActive(runId: string): never {
  throw new UserError(
    'run-active',
    `run ${runId} is going on in another process`,
    'Wait for it, or end it first.',
  );
}
