import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MetricName } from '../protocol/dataset.ts';
import { UserError } from './errors.ts';

/** Facts about the processor. */
export interface CpuInfo {
  readonly model: string;
  /** Logical processors that this process may run on. */
  readonly cores: number;
  /** e.g. `avx2`, `fma`, `avx512f`, `avx512vnni`, `neon`. */
  readonly isa: readonly string[];
  /** Last-level cache; 0 where the system does not tell. */
  readonly llcBytes: number;
}

export interface ExactKnnOptions {
  /** `.fbin` files; unit vectors for `angular`. */
  readonly basePath: string;
  readonly queryPath: string;
  readonly metric: MetricName;
  /** 1..10000; slots beyond the number of base rows hold id 2^32 - 1 and distance infinity. */
  readonly k: number;
  readonly threads: number;
  /** Written in bigann truth format, whole or not at all. */
  readonly outPath: string;
  /** Only the first rows of the base; default all. */
  readonly rows?: number;
  /** Called with 0..1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

export interface ExactKnnSummary {
  readonly queries: number;
  readonly k: number;
  /** Queries for which the single-precision candidates could not be proved complete at first. */
  readonly widened: number;
  /** Of these, the ones answered by a full scan in double precision. */
  readonly scanned: number;
}

interface Addon {
  exactKnn(options: Omit<ExactKnnOptions, 'signal'>): {
    readonly promise: Promise<ExactKnnSummary>;
    cancel(): void;
  };
  cpuInfo(): CpuInfo;
}

/** The folder that holds package.json: found from this file, so that it works from sources and from a bundle. */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'annsmith') return folder;
    if (folder === dirname(folder))
      throw new Error(`no package.json of annsmith above ${import.meta.dirname}`);
  }
}

/** Where the native build lies: `$ANNSMITH_NATIVE_DIR`, else `build/native` of the package. */
function nativeDir(): string {
  const chosen = process.env['ANNSMITH_NATIVE_DIR'];
  return chosen === undefined || chosen === '' ? join(packageRoot(), 'build', 'native') : chosen;
}

function nativeFile(name: string): string {
  const path = join(nativeDir(), 'bin', name);
  if (existsSync(path)) return path;
  throw new UserError(
    'native-missing',
    `${path} does not exist: the native parts are not built`,
    'Run `npm run build:native`, or point ANNSMITH_NATIVE_DIR at a folder that holds bin/.',
  );
}

/** The benchmark process. Throws `native-missing` where it is not built; so do the functions below. */
export function harnessPath(): string {
  return nativeFile('annsmith-harness');
}

/** A shared library with the C ABI whose searches only walk memory; for `calibrate`. */
export function calibrationLibraryPath(): string {
  return nativeFile(
    process.platform === 'darwin' ? 'libannsmith_cache_walker.dylib' : 'libannsmith_cache_walker.so',
  );
}

/** The include folder of `annsmith/abi.h`. */
export function abiIncludeDir(): string {
  return join(packageRoot(), 'native', 'include');
}

let loaded: Addon | undefined;

function addon(): Addon {
  if (loaded === undefined) {
    const path = nativeFile('annsmith.node');
    try {
      loaded = createRequire(import.meta.url)(path) as Addon;
    } catch (error) {
      throw new UserError(
        'native-unloadable',
        `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
        'Rebuild it for this Node and system: `npm run build:native`.',
        error,
      );
    }
  }
  return loaded;
}

export function cpuInfo(): CpuInfo {
  return addon().cpuInfo();
}

/**
 * Exact nearest neighbours of every query, on `threads` threads beside the event loop. Throws TypeError for invalid
 * options; rejects with a message naming the file where one cannot be used, and with the signal's reason once aborted.
 */
export async function exactKnn(options: ExactKnnOptions): Promise<ExactKnnSummary> {
  const { signal, ...rest } = options;
  signal?.throwIfAborted();
  const job = addon().exactKnn(rest);
  const onAbort = (): void => job.cancel();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await job.promise;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
