import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { Outcome } from './benchmark/measurementContext.ts';
import { cacheFolder } from './cacheFolder.ts';
import { compile, type Sanitizers } from './candidate/compile.ts';
import { writeCandidate } from './candidate/workspaceCopy.ts';
import { diskFull, UserError } from './errors.ts';
import { compilerVersion } from './machine.ts';
import type { Workspace } from './module/workspace.ts';
import { abiIncludeDir } from './native.ts';
import type { Services } from './ports.ts';
import { tryProcessLock, withProcessLock } from './processLock.ts';

/** What every stage of a piece of work shares. */
export interface RunContext {
  readonly services: Services;
  readonly signal: AbortSignal;
  /** Version of the compiler, part of every fingerprint. */
  readonly compiler: string;
  /** Copies, libraries, and what candidates' processes may write to; removed at the end. */
  readonly scratch: string;
}

const scratchPrefix = 'annsmith-scratch-';

/** Gives `work` a scratch folder of its own and removes it however the work ends. */
export async function withRunContext<T>(
  { services, signal }: Pick<RunContext, 'services' | 'signal'>,
  work: (run: RunContext) => Promise<T>,
): Promise<T> {
  const compiler = await compilerVersion(services.processes);
  await mkdir(cacheFolder(), { recursive: true });
  await removeOrphans();
  const scratch = join(os.tmpdir(), `${scratchPrefix}${randomUUID()}`);
  // Held from before there is a folder: one whose lock is free belongs to nobody any more.
  return withProcessLock(scratch, {}, async () => {
    await mkdir(scratch, { mode: 0o700 });
    try {
      return await work({ services, signal, compiler, scratch });
    } finally {
      await removeFolder(scratch);
    }
  });
}

/** Removes the scratch folders of processes that were killed. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(scratchPrefix)) continue;
    const folder = join(os.tmpdir(), name);
    const lock = await tryProcessLock(folder);
    if (lock === undefined) continue;
    // Another user's folder stays.
    await removeFolder(folder).catch(() => undefined);
    await lock.release();
  }
}

/** Tried again where a process that is being killed still writes into it. */
function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Compiles the sources of `workspace` with `files` in place of its own; the folder is kept for the library. */
export async function compileFiles(
  { services, signal }: Pick<RunContext, 'services' | 'signal'>,
  workspace: Workspace,
  folder: string,
  files: ReadonlyMap<string, string>,
  sanitize: Sanitizers,
): ReturnType<typeof compile> {
  await writeCandidate(folder, workspace, files);
  const result = await compile(
    {
      dir: folder,
      manifest: workspace.manifest,
      abiIncludeDir: abiIncludeDir(),
      output: libraryName(sanitize),
      sanitize,
    },
    { processes: services.processes, signal },
  );
  // Says nothing about the code.
  if (!result.ok && diskFullText.test(result.stderr)) throw diskFull(folder);
  return result;
}

/** How compilers, assembler and linker say it; a text in the code that says so too does not begin like that. */
const diskFullText =
  /(?:error writing to|can't (?:write|close)|final link failed|IO failure on output stream)\b.*No space left on device/;

/** File name of a library by what is built into it. */
export function libraryName(sanitize: Sanitizers): string {
  return sanitize === 'none' ? 'candidate.so' : `candidate.${sanitize.replace(',', '-')}.so`;
}

/** The value of a measurement of the user's own code; anything else is an error to show. */
export function referenceOutcome<T>(outcome: Outcome<T>, signal: AbortSignal): T {
  switch (outcome.kind) {
    case 'measured':
      return outcome.value;
    case 'window':
      throw new UserError(
        'window',
        outcome.detail,
        `Set "search.recallWindow" in annsmith.json to [${outcome.proposed.join(', ')}].`,
      );
    case 'rejected':
      throw new UserError(
        'reference-broken',
        `the reference: ${outcome.detail}`,
        'The reference must answer rightly before it can be measured.',
      );
    case 'failed':
      throw new UserError(
        'measurement-failed',
        `${outcome.failure.stage}: ${outcome.failure.detail}`,
        'Run `annsmith doctor`; if it finds nothing, the workspace’s own code fails under measurement.',
      );
    case 'cancelled':
      signal.throwIfAborted();
      throw new Error('cancelled');
  }
}
