import { createHash } from 'node:crypto';
import os from 'node:os';
import { UserError } from './errors.ts';
import { cpuInfo } from './native.ts';
import type { ProcessRunner } from './ports.ts';

/** The compiler: `$CXX` (words separated by spaces, as make reads it) or `c++`. */
export function compilerOf(
  environment: Readonly<Record<string, string | undefined>>,
): readonly [string, ...string[]] {
  const [command, ...args] = (environment.CXX ?? '').split(/\s+/).filter((word) => word !== '');
  return command === undefined ? ['c++'] : [command, ...args];
}

/** First line of the compiler's `--version`. Throws `no-compiler` when it cannot be run. */
export async function compilerVersion(processes: ProcessRunner): Promise<string> {
  const [command, ...args] = compilerOf(process.env);
  const result = await processes
    .run(command, [...args, '--version'], { timeoutMs: 20_000 })
    .catch((error: Error) => error);
  if (result instanceof Error || result.code !== 0) {
    throw new UserError(
      'no-compiler',
      `the C++ compiler ${command} could not be run${result instanceof Error ? ` (${result.message})` : ''}`,
      'Install g++ 10 or newer (Debian: `apt-get install g++`) or clang++, or name one in the environment variable CXX.',
    );
  }
  return result.stdout.split('\n')[0] ?? '';
}

/** What a measurement depends on besides the code: recorded with every run. */
export interface MachineFingerprint {
  readonly cpu: string;
  readonly cores: number;
  readonly isa: readonly string[];
  readonly llcBytes: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** SHA-256 (hex, 16 digits) of CPU model, instruction sets and cache size: where numbers may be compared. */
  readonly id: string;
}

export function machineFingerprint(): MachineFingerprint {
  const cpu = cpuInfo();
  const id = createHash('sha256')
    .update(JSON.stringify([cpu.model, cpu.isa, cpu.llcBytes]))
    .digest('hex')
    .slice(0, 16);
  return {
    cpu: cpu.model,
    cores: cpu.cores,
    isa: cpu.isa,
    llcBytes: cpu.llcBytes,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    id,
  };
}
