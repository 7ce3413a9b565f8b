import { join } from 'node:path';
import type { Manifest } from '../../protocol/manifest.ts';
import { errorText, UserError } from '../errors.ts';
import { compilerOf } from '../machine.ts';
import type { ProcessRunner } from '../ports.ts';
import { type Diagnostic, parseDiagnostics } from './diagnostics.ts';

export type Sanitizers = 'none' | 'address,undefined' | 'thread';

export interface CompileRequest {
  /** Folder of the candidate's copy; the compiler's working directory. */
  readonly dir: string;
  readonly manifest: Manifest;
  /** Folder that holds `annsmith/abi.h`. */
  readonly abiIncludeDir: string;
  /** Path of the shared library to make, absolute or relative to `dir`. */
  readonly output: string;
  readonly sanitize: Sanitizers;
}

export interface CompileOptions {
  readonly processes: ProcessRunner;
  /** Default 120. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
  /** Default: this process's. Only what a compiler needs is passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export type CompileResult =
  | {
      readonly ok: true;
      readonly seconds: number;
      readonly library: string;
      readonly diagnostics: readonly Diagnostic[];
    }
  | {
      readonly ok: false;
      readonly reason: 'errors' | 'timeout' | 'crash';
      readonly seconds: number;
      readonly diagnostics: readonly Diagnostic[];
      readonly stderr: string;
    };

/** What a compiler may need of the environment: where to find itself and its headers; no keys, no home. */
const passedOn = [
  'PATH',
  'CPATH',
  'CPLUS_INCLUDE_PATH',
  'LIBRARY_PATH',
  'LD_LIBRARY_PATH',
  'SDKROOT',
  'DEVELOPER_DIR',
];
const maximumOutputBytes = 256 * 1024;

/**
 * Debug information that names lines alone, which halves the time of a compilation, and a readable stack; optimization
 * low enough for reports to name the right line.
 */
const sanitizerFlags: Readonly<Record<Sanitizers, readonly string[]>> = {
  none: [],
  'address,undefined': [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-fno-omit-frame-pointer',
    '-g1',
    '-O1',
  ],
  thread: ['-fsanitize=thread', '-fno-omit-frame-pointer', '-g1', '-O1'],
};

/** The command that builds the workspace's adapter as a shared library; run it in `dir`, without a shell. */
export function compileCommand(
  { manifest, abiIncludeDir, output, sanitize }: CompileRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly command: string; readonly args: readonly string[] } {
  const { adapter, includeDirs, standard, flags } = manifest.build;
  const [command, ...first] = compilerOf(environment);
  const args = [
    ...first,
    `-std=${standard}`,
    '-shared',
    '-fPIC',
    '-fvisibility=hidden',
    ...flags,
    ...sanitizerFlags[sanitize],
    '-fdiagnostics-color=never',
    ...includeDirs.map((folder) => `-I${folder}`),
    `-I${abiIncludeDir}`,
    adapter,
    '-o',
    output,
  ];
  return { command, args };
}

/**
 * Compiles a candidate's copy.
 * @throws UserError when there is no compiler.
 */
export async function compile(request: CompileRequest, options: CompileOptions): Promise<CompileResult> {
  const environment = options.environment ?? process.env;
  const { command, args } = compileCommand(request, environment);
  const env: Record<string, string> = { LC_ALL: 'C.UTF-8', TMPDIR: request.dir };
  for (const name of passedOn) {
    const value = environment[name];
    if (value !== undefined) env[name] = value;
  }
  const result = await options.processes
    .run(command, args, {
      cwd: request.dir,
      env,
      timeoutMs: (options.timeoutSeconds ?? 120) * 1000,
      maxOutputBytes: maximumOutputBytes,
      ...(options.signal && { signal: options.signal }),
    })
    .catch((error: unknown) => {
      throw notStarted(command, error);
    });
  if (result.killedBy === 'abort') options.signal?.throwIfAborted();
  const { seconds, stderr } = result;
  const diagnostics = parseDiagnostics(stderr, request.dir);
  if (result.code === 0)
    return { ok: true, seconds, library: join(request.dir, request.output), diagnostics };
  const reason = result.killedBy === 'timeout' ? 'timeout' : result.code === null ? 'crash' : 'errors';
  return { ok: false, reason, seconds, diagnostics, stderr };
}

function notStarted(command: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOENT' && code !== 'EACCES') return error;
  return new UserError(
    'no-compiler',
    `the C++ compiler \`${command}\` cannot be started: ${errorText(error)}`,
    'install g++ or clang (Debian: apt-get install g++; macOS: xcode-select --install), or set CXX to a compiler',
    error,
  );
}
