import { formatPatch, parsePatch, reversePatch } from 'diff';
import type { LedgerRecord, RecordOf } from '../protocol/ledger.ts';
import { windowFor } from '../protocol/manifest.ts';
import type { FileTexts } from '../protocol/policy.ts';
import { applyPatch } from './candidate/patch.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { sourceHash, withFiles } from './codeState.ts';
import { UserError } from './errors.ts';
import { externalPolicy } from './externalPolicy.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { compilerVersion, machineFingerprint } from './machine.ts';
import type { Workspace } from './module/workspace.ts';
import type { RunContext } from './runContext.ts';
import type { RunPlan } from './runLog.ts';

/** The record that opened a run which can be gone on with. @throws UserError where it cannot. */
export function resumable(records: readonly LedgerRecord[], runId: string): RecordOf<'run'> {
  const own = records.filter((record) => record.runId === runId);
  const run = own.find((record): record is RecordOf<'run'> => record.type === 'run');
  if (run === undefined) {
    throw new UserError(
      'no-such-run',
      `there is no run ${runId} in the ledger`,
      'List them with `annsmith runs list`.',
    );
  }
  if (run.policy.id === externalPolicy.id) {
    throw new UserError(
      'run-of-server',
      `run ${runId} is what a reward server judged; it has no end to go on to`,
      'Start the server again with `annsmith serve-rewards`: what was judged is answered from the ledger.',
    );
  }
  const end = own.findLast((record) => record.type === 'run-end' || record.type === 'resume');
  if (end?.type === 'run-end' && end.status === 'done') {
    throw new UserError(
      'run-done',
      `run ${runId} is done; there is nothing to resume`,
      `See it with \`annsmith runs show ${runId}\` or \`annsmith report ${runId}\`.`,
    );
  }
  return run;
}

/** A run as it stands in the ledger, and the workspace as it was when the run started. */
export interface EarlierRun {
  readonly records: readonly LedgerRecord[];
  readonly workspace: Workspace;
}

interface ResumeRequest
  extends Pick<RunPlan, 'modules' | 'datasets' | 'heldOut' | 'policy'>,
    Pick<RunContext, 'services'> {
  readonly workspace: Workspace;
  readonly locate: LocateRegion;
}

/** What a run has behind it. @throws UserError where it is done, or what it depends on is no longer the same. */
export async function earlierOf(runId: string, request: ResumeRequest): Promise<EarlierRun> {
  const { services, workspace: saved, locate } = request;
  const { records } = await readLedger(ledgerPath(saved.root));
  const run = resumable(records, runId);
  const compiler = await compilerVersion(services.processes);
  const total = records.find((record) => record.type === 'total' && record.runId === runId);
  const isAsStarted = (files: FileTexts): boolean =>
    sourceHash(files, saved.manifest, compiler) === run.workspace.hash;
  // Cut off while its result was being written over the workspace: what was written is its own.
  const workspace =
    run.apply === 'best' && total?.type === 'total' && !isAsStarted(saved.files)
      ? withFiles(saved, takenBack(saved.files, total.patch), locate)
      : saved;
  const stale = (problem: string): UserError =>
    new UserError(
      'run-stale',
      `run ${run.runId} cannot be resumed: ${problem}`,
      'Restore what was changed, or start a new run with `annsmith optimize`.',
    );
  if (run.compiler.version !== compiler) {
    throw stale(`the compiler is now ${compiler}, it was ${run.compiler.version}`);
  }
  if (!isAsStarted(workspace.files)) {
    throw stale('the sources or the build section of annsmith.json were changed since');
  }
  const problem = difference(run, request);
  if (problem !== undefined) throw stale(problem);
  return { records, workspace };
}

/** The files that have a patch applied, without it. */
function takenBack(files: FileTexts, patch: string): FileTexts {
  const before = new Map<string, string>();
  for (const change of parsePatch(patch)) {
    const reversed = reversePatch(change);
    const path = reversed.newFileName?.replace(/^a\//, '');
    const back = { ...reversed, oldFileName: `a/${path}`, newFileName: `b/${path}` };
    const applied = applyPatch(files, formatPatch(back));
    if (applied.kind === 'applied') for (const [name, text] of applied.files) before.set(name, text);
  }
  return before;
}

/** What else is measured with must be what the run started with, on the machine where it started. */
function difference(
  run: RecordOf<'run'>,
  { workspace: { manifest }, modules, datasets, heldOut, policy }: ResumeRequest,
): string | undefined {
  const { M, efConstruction, seed } = manifest.index;
  const { index, k } = run;
  if (run.machine['id'] !== machineFingerprint().id) return 'it was started on another machine';
  if (run.policy.version !== policy.version) {
    return `the policy is now ${policy.version}, it was ${run.policy.version}`;
  }
  if (run.modules.join() !== modules.join()) {
    return `its modules are ${run.modules.join(', ')}, not ${modules.join(', ')}`;
  }
  if (index.M !== M || index.efConstruction !== efConstruction || index.seed !== seed) {
    return 'the index section of annsmith.json was changed since';
  }
  if (k !== manifest.search.k) return `search.k in annsmith.json is now ${manifest.search.k}, it was ${k}`;
  const { budgets, style } = manifest;
  if (run.limits !== undefined && JSON.stringify(run.limits) !== JSON.stringify({ budgets, style })) {
    return 'the budgets or style limits of annsmith.json were changed since';
  }
  for (const { name, fingerprint, window } of run.datasets) {
    const now = [...datasets, ...heldOut].find((dataset) => dataset.name === name);
    if (now?.fingerprint !== fingerprint) return `the dataset ${name} has other content than then`;
    const [low, high] = windowFor(manifest, name);
    if (low !== window[0] || high !== window[1]) {
      return `the recall window of ${name} is now [${low}, ${high}], it was [${window.join(', ')}]`;
    }
  }
  return undefined;
}

/** The plan of a run, from its record. */
export function planOf(run: RecordOf<'run'>): Pick<
  RunPlan,
  'modules' | 'seed' | 'group' | 'rounds' | 'aggregate' | 'budgetSeconds' | 'apply' | 'stopAfter'
> & {
  readonly datasetNames: readonly string[];
  readonly heldOutNames: readonly string[];
} {
  const [first, ...rest] = run.modules;
  if (first === undefined) throw new Error(`run ${run.runId} names no module`);
  const names = (heldOut: boolean): string[] =>
    run.datasets.filter((dataset) => dataset.heldOut === heldOut).map(({ name }) => name);
  const { seed, group, rounds, aggregate, apply, stopAfter } = run;
  return {
    modules: [first, ...rest],
    seed,
    group,
    rounds,
    aggregate,
    apply,
    budgetSeconds: run.budgetSeconds ?? undefined,
    datasetNames: names(false),
    heldOutNames: names(true),
    ...(stopAfter === undefined ? {} : { stopAfter }),
  };
}
