import { codeHashes } from '../../engine/codeHashes.ts';
import { sourceHash } from '../../engine/codeState.ts';
import { lowerHull, qpsAtRecall } from '../../engine/curve.ts';
import type { Workspace } from '../../engine/module/workspace.ts';
import type { Measured } from '../../protocol/engine.ts';
import type { LedgerRecord, RecordOf } from '../../protocol/ledger.ts';
import type { CurvePoint } from '../../protocol/measurement.ts';
import type { ModuleName } from '../../protocol/module.ts';

/** The recall that a single number of a workspace is given at. */
const headlineRecall = 0.95;

/** A state of the workspace's code as it was measured, by itself or as the reference of a run. */
interface Measurement {
  readonly at: string;
  readonly dataset: string;
  readonly points: readonly CurvePoint[];
  isStale(workspace: Workspace, module: ModuleName): boolean;
}

/** The newest measurement of a workspace as it says something of a module; null where it was never measured. */
export function newestMeasured(
  records: readonly LedgerRecord[],
): (workspace: Workspace, module: ModuleName) => Measured | null {
  const newest = newestMeasurement(records);
  return (workspace, module) =>
    newest === undefined
      ? null
      : measured(newest.at, newest.dataset, newest.points, newest.isStale(workspace, module));
}

export function measured(
  at: string,
  dataset: string,
  points: readonly CurvePoint[],
  stale: boolean,
): Measured {
  const qps = qpsAtRecall(lowerHull(points), headlineRecall);
  return { at, dataset, recall: headlineRecall, qps: qps === 0 ? null : qps, points, stale };
}

function newestMeasurement(records: readonly LedgerRecord[]): Measurement | undefined {
  for (let i = records.length - 1; i >= 0; i--) {
    const found = measurementIn(records[i]!, records);
    if (found !== undefined) return found;
  }
  return undefined;
}

function measurementIn(record: LedgerRecord, records: readonly LedgerRecord[]): Measurement | undefined {
  if (record.type === 'measurement') return byItself(record);
  if (record.type !== 'total' && record.type !== 'judgement') return undefined;
  const run = records.find(
    (other): other is RecordOf<'run'> => other.type === 'run' && other.runId === record.runId,
  );
  if (run === undefined) return undefined;
  if (record.type === 'judgement' && !isOfFirstModule(record, run, records)) return undefined;
  for (const { dataset, comparison, ...trial } of record.trials) {
    const n = run.datasets.find(({ name }) => name === dataset)?.n;
    if (comparison === null || ('rows' in trial && trial.rows !== n)) continue;
    return asReference(record.at, dataset, comparison.reference, run);
  }
  return undefined;
}

function byItself({ at, dataset, points, moduleHashes, restHash }: RecordOf<'measurement'>): Measurement {
  return {
    at,
    dataset: dataset.name,
    points,
    isStale: (workspace, module) => {
      const now = codeHashes(workspace);
      return now.restHash !== restHash || now.moduleHashes[module] !== moduleHashes[module];
    },
  };
}

/** What a run started from; of it only the hash of the whole is known. */
function asReference(
  at: string,
  dataset: string,
  points: readonly CurvePoint[],
  { workspace: started, compiler, index }: RecordOf<'run'>,
): Measurement {
  return {
    at,
    dataset,
    points,
    isStale: ({ files, manifest }) => {
      const { M, efConstruction, seed } = manifest.index;
      return (
        sourceHash(files, manifest, compiler.version) !== started.hash ||
        index.M !== M ||
        index.efConstruction !== efConstruction ||
        index.seed !== seed
      );
    },
  };
}

/** Later modules are measured against the winners before them, which are not the workspace. */
function isOfFirstModule(
  { groupId }: RecordOf<'judgement'>,
  { runId, modules }: RecordOf<'run'>,
  records: readonly LedgerRecord[],
): boolean {
  const group = records.find(
    (other) => other.type === 'group' && other.runId === runId && other.groupId === groupId,
  );
  return group?.type === 'group' && group.module === modules[0];
}
