import type { Calibration } from '../protocol/calibration.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import { windowFor } from '../protocol/manifest.ts';
import { indexOn, measurementContext, referenceSide, workFolder } from './baseline.ts';
import { calibrate } from './benchmark/calibrate.ts';
import { saveCalibration } from './calibrationFile.ts';
import { compileState } from './codeState.ts';
import type { Workspace } from './module/workspace.ts';
import { calibrationLibraryPath } from './native.ts';
import { type RunContext, referenceOutcome, withRunContext } from './runContext.ts';

export interface CalibrationRequest extends Pick<RunContext, 'services' | 'signal'> {
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
  readonly seed: number;
}

/** Measures what this machine's comparisons are worth with the workspace's own code, and keeps the result. */
export function calibrateMachine(
  request: CalibrationRequest,
): Promise<{ calibration: Calibration; path: string }> {
  return withRunContext(request, async (run) => {
    const { workspace, dataset, seed, signal } = request;
    const indexed = await indexOn(run, await compileState(run, 'reference', workspace), dataset);
    const outcome = await calibrate({
      ...measurementContext(run, indexed, seed),
      reference: await referenceSide(run, indexed),
      window: windowFor(workspace.manifest, dataset.name),
      ef: workspace.manifest.search.ef,
      walkerLibrary: calibrationLibraryPath(),
      walkerScratch: await workFolder(run, 'walker'),
    });
    const calibration = referenceOutcome(outcome, signal);
    return { calibration, path: await saveCalibration(calibration) };
  });
}
