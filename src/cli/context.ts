import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../engine/errors.ts';
import type { Services } from '../engine/ports.ts';
import { createProcessRunner } from '../engine/processRunner.ts';
import { createOutput, type Output, type OutputOptions } from './output.ts';

/** What every command gets. */
export interface CommandContext {
  readonly output: Output;
  readonly services: Services;
  readonly signal: AbortSignal;
}

export function createContext(options: OutputOptions, signal: AbortSignal): CommandContext {
  const output = createOutput(options);
  return {
    output,
    signal,
    services: {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      processes: createProcessRunner(),
      logger: output,
      reporter: output,
    },
  };
}

/** The workspace a command works on: `--workspace`, else the nearest folder upwards that has an annsmith.json. */
export function findWorkspace(given: string | undefined): string {
  if (given !== undefined) return resolve(given);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'annsmith.json'))) return folder;
    if (folder === dirname(folder)) {
      throw new UserError(
        'no-workspace',
        'annsmith.json was not found in this folder or any above it',
        'Name the workspace with --workspace DIR, or write a manifest with `annsmith init DIR`.',
      );
    }
  }
}
