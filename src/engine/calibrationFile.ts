import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Calibration } from '../protocol/calibration.ts';
import type { ProcessEffect } from './benchmark/bootstrap.ts';
import { cacheFolder } from './cacheFolder.ts';
import { machineFingerprint } from './machine.ts';

/** One calibration per machine and dataset: what equals differ by depends on both. */
function calibrationPath(datasetFingerprint: string): string {
  return join(
    cacheFolder(),
    'calibration',
    `${machineFingerprint().id}-${datasetFingerprint.slice(0, 16)}.json`,
  );
}

/** Of a saved calibration, what later measurements use. */
const savedSchema = z.object({
  schema: z.literal(1),
  processEffect: z.object({ sd: z.number().positive(), df: z.number().positive() }),
});

/** The spread between fresh processes as calibrated here; none where there is no readable calibration. */
export async function calibratedProcessEffect(
  datasetFingerprint: string,
): Promise<ProcessEffect | undefined> {
  try {
    return savedSchema.parse(JSON.parse(await readFile(calibrationPath(datasetFingerprint), 'utf8')))
      .processEffect;
  } catch {
    return undefined;
  }
}

/** Keeps a calibration for later measurements; returns its path. */
export async function saveCalibration(calibration: Calibration): Promise<string> {
  const path = calibrationPath(calibration.datasetFingerprint);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, JSON.stringify(calibration));
  await rename(`${path}.${process.pid}`, path);
  return path;
}
