import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildFraction } from './buildFraction.ts';

export interface NativeBuild {
  /** Holds CMakeLists.txt and headers/. */
  readonly sources: string;
  /** Made whole or not at all; its bin/ holds what was built. */
  readonly destination: string;
  /** Empty: CMake's choice. */
  readonly compiler: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
  /** 0..1 of the compilation. */
  readonly onFraction: (fraction: number) => void;
}

/** A step that did not succeed; `missing` where the program does not exist. */
export class BuildFailed extends Error {
  readonly missing: boolean;

  constructor(message: string, missing: boolean) {
    super(message);
    this.name = 'BuildFailed';
    this.missing = missing;
  }
}

/** Configures and builds with CMake. Rejects with `BuildFailed`, or with the signal's reason once aborted. */
export async function buildNativeParts(build: NativeBuild): Promise<void> {
  const { sources, destination } = build;
  await mkdir(dirname(destination), { recursive: true });
  // Two windows may build at once: each in a folder of its own.
  const partial = await mkdtemp(`${destination}.partial-`);
  try {
    await step(build, [
      ...['-S', sources, '-B', partial],
      '-DCMAKE_BUILD_TYPE=Release',
      `-DNODE_INCLUDE_DIR=${headers(sources, 'node', 'include', 'node')}`,
      `-DNODE_ADDON_API_DIR=${headers(sources, 'node-addon-api')}`,
    ]);
    await step(build, ['--build', partial, '--parallel', String(availableParallelism())]);
    await rename(partial, destination).catch((error: Error) => {
      // Another window was faster.
      if (!existsSync(join(destination, 'bin'))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** The headers that a package carries, else those of a checkout's node_modules. */
function headers(sources: string, name: string, ...below: readonly string[]): string {
  const carried = join(sources, 'headers', name);
  if (existsSync(carried)) return carried;
  const installed = name === 'node' ? `node-${process.platform}-${process.arch}` : name;
  return join(sources, '..', 'node_modules', installed, ...below);
}

function step({ compiler, signal, onLine, onFraction }: NativeBuild, args: readonly string[]): Promise<void> {
  signal.throwIfAborted();
  onLine(`cmake ${args.join(' ')}`);
  return new Promise((resolve, reject) => {
    const child = spawn('cmake', [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: compiler === '' ? process.env : { ...process.env, CXX: compiler },
    });
    const stop = (): void => endGroup(child);
    signal.addEventListener('abort', stop, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        onLine(line);
        const fraction = buildFraction(line);
        if (fraction !== undefined) onFraction(fraction);
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new BuildFailed(error.message, error.code === 'ENOENT')),
    );
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason as Error);
      else if (code === 0) resolve();
      else
        reject(new BuildFailed(`cmake ${args[0] === '--build' ? 'build' : 'configuration'} failed`, false));
    });
  });
}

/** Compilers are children of CMake's build tool. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended.
  }
}
