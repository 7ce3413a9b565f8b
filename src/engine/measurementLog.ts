import type { PreparedDataset } from '../protocol/dataset.ts';
import type { RecordOf } from '../protocol/ledger.ts';
import { windowFor } from '../protocol/manifest.ts';
import type { Comparison, CurvePoint, Estimate } from '../protocol/measurement.ts';
import { codeHashes } from './codeHashes.ts';
import { sourceHash } from './codeState.ts';
import { ensureStateFolder, openLedger } from './ledger/ledgerWriter.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { compilerVersion, machineFingerprint } from './machine.ts';
import type { Workspace } from './module/workspace.ts';
import type { Services } from './ports.ts';
import { newRunId } from './runId.ts';

type MeasurementRecord = RecordOf<'measurement'>;

/** How fast a state of a workspace's code was. */
export interface WorkspaceMeasurement {
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
  readonly points: readonly (CurvePoint & { readonly qpsInterval?: Estimate })[];
  readonly buildCpuSeconds: number;
  /** The state it was measured beside, where there is one. */
  readonly against?: {
    readonly workspace: Workspace;
    readonly comparison: Pick<Comparison, 'logRatio' | 'speedupAt'>;
  };
}

/** Writes a measurement of the workspace into its ledger. */
export async function logMeasurement(
  { workspace, dataset, points, buildCpuSeconds, against }: WorkspaceMeasurement,
  { clock, processes }: Pick<Services, 'clock' | 'processes'>,
): Promise<void> {
  const { root, manifest } = workspace;
  const version = await compilerVersion(processes);
  const [low, high] = windowFor(manifest, dataset.name);
  const hashOf = (state: Workspace): string => sourceHash(state.files, state.manifest, version);
  await ensureStateFolder(root);
  await openLedger(ledgerPath(root), clock).append({
    type: 'measurement',
    runId: newRunId(clock.now()),
    workspace: { name: manifest.name, root, hash: hashOf(workspace) },
    ...codeHashes(workspace),
    dataset: { name: dataset.name, fingerprint: dataset.fingerprint, window: [low, high] },
    machine: { ...machineFingerprint() },
    compiler: { version, flags: manifest.build.flags },
    points: points.map(({ ef, recall, secondsPerQuery, qps, qpsInterval }) => ({
      ef,
      recall,
      secondsPerQuery,
      qps,
      ...(qpsInterval === undefined ? {} : { qpsInterval }),
    })),
    buildCpuSeconds,
    ...(against === undefined
      ? {}
      : {
          against: {
            hash: hashOf(against.workspace),
            logRatio: against.comparison.logRatio,
            speedupAt: against.comparison.speedupAt,
          },
        }),
  });
}

/** True where the record is a measurement of this state beside that base. */
export function isMeasured(record: MeasurementRecord, workspace: Workspace, base: Workspace): boolean {
  const { version } = record.compiler;
  return (
    record.against?.hash === sourceHash(base.files, base.manifest, version) &&
    record.workspace.hash === sourceHash(workspace.files, workspace.manifest, version)
  );
}
