import type { LedgerRecord, RecordOf } from '../protocol/ledger.ts';
import { sourceHash } from './codeState.ts';
import { UserError } from './errors.ts';
import { compilerVersion, machineFingerprint } from './machine.ts';
import type { Workspace } from './module/workspace.ts';
import type { Services } from './ports.ts';
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

/** What is measured must be what the run started with, on the machine where it started. */
export async function requireSame(
  run: RecordOf<'run'>,
  now: { readonly services: Services; readonly workspace: Workspace } & Pick<
    RunPlan,
    'datasets' | 'heldOut' | 'policy'
  >,
): Promise<void> {
  const compiler = await compilerVersion(now.services.processes);
  const prepared = [...now.datasets, ...now.heldOut];
  const differs =
    run.compiler.version !== compiler
      ? `the compiler is now ${compiler}, it was ${run.compiler.version}`
      : run.workspace.hash !== sourceHash(now.workspace.files, now.workspace.manifest, compiler)
        ? 'the sources or the build section of annsmith.json were changed since'
        : run.machine['id'] !== machineFingerprint().id
          ? 'it was started on another machine'
          : run.policy.version !== now.policy.version
            ? `the policy is now ${now.policy.version}, it was ${run.policy.version}`
            : run.datasets.find(({ name, fingerprint }) =>
                  prepared.some((dataset) => dataset.name === name && dataset.fingerprint !== fingerprint),
                ) !== undefined
              ? 'a dataset has other content than then'
              : undefined;
  if (differs === undefined) return;
  throw new UserError(
    'run-stale',
    `run ${run.runId} cannot be resumed: ${differs}`,
    'Restore what was changed, or start a new run with `annsmith optimize`.',
  );
}

/** The plan of a run, from its record. */
export function planOf(run: RecordOf<'run'>): Pick<
  RunPlan,
  'modules' | 'seed' | 'group' | 'rounds' | 'aggregate' | 'budgetSeconds' | 'apply'
> & {
  readonly datasetNames: readonly string[];
  readonly heldOutNames: readonly string[];
} {
  const [first, ...rest] = run.modules;
  if (first === undefined) throw new Error(`run ${run.runId} names no module`);
  const names = (heldOut: boolean): string[] =>
    run.datasets.filter((dataset) => dataset.heldOut === heldOut).map(({ name }) => name);
  const { seed, group, rounds, aggregate, apply } = run;
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
  };
}
