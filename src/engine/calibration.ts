import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Calibration } from '../protocol/calibration.ts';
import { calibrate } from './benchmark/calibrate.ts';
import { saveCalibration } from './calibrationFile.ts';
import { calibrationLibraryPath } from './native.ts';
import {
  importSide,
  measurementContext,
  type RunSetup,
  referenceOutcome,
  withRunContext,
} from './runContext.ts';

/** Measures what this machine's comparisons are worth with the workspace's own code, and keeps the result. */
export function calibrateMachine(
  setup: RunSetup,
  seed: number,
): Promise<{ calibration: Calibration; path: string }> {
  return withRunContext(setup, async (run) => {
    const { search } = setup.workspace.manifest;
    const reference = await importSide(run, 'reference', run.reference.library, run.reference.graph);
    const walkerScratch = join(run.scratch, 'walker-work');
    await mkdir(walkerScratch);
    const outcome = await calibrate({
      ...measurementContext(run, seed),
      reference,
      window: search.recallWindow,
      ef: search.ef,
      walkerLibrary: calibrationLibraryPath(),
      walkerScratch,
    });
    const calibration = referenceOutcome(outcome, setup.signal);
    return { calibration, path: await saveCalibration(calibration) };
  });
}
