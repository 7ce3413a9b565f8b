import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Environment with a data folder of its own, there until the process ends: what a user of this machine has trained, or
 * another run of tests, must not draw the candidates of a test.
 */
export function untrained(): { readonly ANNSMITH_DATA: string } {
  const folder = mkdtempSync(join(tmpdir(), 'annsmith-untrained-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { ANNSMITH_DATA: folder };
}
