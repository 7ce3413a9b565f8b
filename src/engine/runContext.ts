import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { Side } from '../protocol/harness.ts';
import type { ProcessEffect } from './benchmark/bootstrap.ts';
import type { MeasurementContext, Outcome } from './benchmark/measurementContext.ts';
import { type BuiltIndex, buildIndex, indexParams, sourceHash } from './builtIndex.ts';
import { cacheFolder, timingLockPath } from './cacheFolder.ts';
import { calibratedProcessEffect } from './calibrationFile.ts';
import { compile } from './candidate/compile.ts';
import { writeCandidate } from './candidate/workspaceCopy.ts';
import { UserError } from './errors.ts';
import { compilerVersion } from './machine.ts';
import type { Workspace } from './module/workspace.ts';
import { abiIncludeDir, harnessPath } from './native.ts';
import type { Services } from './ports.ts';
import { smallSet } from './verify/smallSet.ts';

/** Memory a candidate's process may take before it is killed: far above the gate, which judges by measuring. */
const memoryLimitFactor = 4;
const memoryLimitFloor = 2 ** 31;

/** What every stage of one run shares: the workspace, the data and the reference, built and measured once. */
export interface RunContext {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
  /** The head of the dataset, for the cheap checks. */
  readonly small: PreparedDataset;
  readonly compiler: string;
  readonly sourceHash: string;
  readonly reference: BuiltIndex;
  /** The reference's graph of the small set. */
  readonly smallGraph: string;
  /** Candidates' copies and libraries, and what their processes may write to; removed at the end. */
  readonly scratch: string;
  /** Spread between fresh processes, where this machine was calibrated on this dataset. */
  readonly processEffect: ProcessEffect | undefined;
}

/** Compiles the sources of `workspace` with `files` in place of its own; the folder is kept for the library. */
export async function compileFiles(
  context: Pick<RunContext, 'services' | 'workspace' | 'signal'>,
  folder: string,
  files: ReadonlyMap<string, string>,
  sanitize: 'none' | 'address,undefined',
): ReturnType<typeof compile> {
  const { workspace, services, signal } = context;
  await writeCandidate(folder, workspace, files);
  return compile(
    {
      dir: folder,
      manifest: workspace.manifest,
      abiIncludeDir: abiIncludeDir(),
      output: sanitize === 'none' ? 'candidate.so' : 'candidate.sanitized.so',
      sanitize,
    },
    { processes: services.processes, signal },
  );
}

/**
 * A side that searches the given graph. `name` gives it a folder of its own to write to, away from every library.
 */
export async function importSide(
  context: Omit<RunContext, 'smallGraph'>,
  name: string,
  library: string,
  graph: string,
): Promise<Side> {
  const work = join(context.scratch, `${name}-work`);
  await mkdir(work, { recursive: true });
  return {
    library,
    params: indexParams(context.workspace.manifest),
    mode: 'import',
    graph,
    scratch: work,
    memoryBytes: Math.max(memoryLimitFloor, memoryLimitFactor * context.reference.costs.anonymousBytes),
  };
}

export function measurementContext(context: RunContext, seed: number): MeasurementContext {
  const { services, dataset, workspace, signal } = context;
  return {
    harnessPath: harnessPath(),
    processes: services.processes,
    clock: services.clock,
    lockPath: timingLockPath(),
    dataset,
    k: workspace.manifest.search.k,
    seed,
    processEffect: context.processEffect,
    signal,
    onProgress: (event) => services.reporter.progress(event),
  };
}

export interface RunSetup {
  readonly services: Services;
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
  readonly signal: AbortSignal;
}

/** Builds the reference, gives `work` the context, and removes the scratch folder however it ends. */
export async function withRunContext<T>(
  setup: RunSetup,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const { services, workspace, dataset, signal } = setup;
  const { manifest } = workspace;
  const compiler = await compilerVersion(services.processes);
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(os.tmpdir(), 'annsmith-'));
  try {
    services.reporter.progress({ stage: 'build', message: 'compiling the reference' });
    const compiled = await compileFiles(setup, join(scratch, 'reference'), new Map(), 'none');
    if (!compiled.ok) {
      const first = compiled.diagnostics.find((d) => d.severity === 'error');
      throw new UserError(
        'reference-does-not-compile',
        first === undefined ? compiled.stderr.trim() : `${first.file}:${first.line}: ${first.message}`,
        'The workspace must compile before it can be optimized.',
      );
    }
    const hash = sourceHash(workspace.files, manifest, compiler);
    const writable = join(scratch, 'build-work');
    await mkdir(writable);
    const input = {
      services,
      manifest,
      library: compiled.library,
      sourceHash: hash,
      cacheFolder: cacheFolder(),
      scratch: writable,
      signal,
    };
    const small = await smallSet(dataset, join(cacheFolder(), 'small'));
    const onSmall = await buildIndex({ ...input, dataset: small });
    const reference = await buildIndex({ ...input, dataset });
    return await work({
      services,
      signal,
      workspace,
      dataset,
      small,
      compiler,
      sourceHash: hash,
      reference,
      smallGraph: onSmall.graph,
      scratch,
      processEffect: await calibratedProcessEffect(dataset.fingerprint),
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
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
