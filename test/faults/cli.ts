/** Real runs of the command line, watched by the lines of their progress. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Home } from './home.ts';

const compiler = join(import.meta.dirname, 'compiler.sh');
const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

const passedOn = Object.fromEntries(
  ['PATH', 'ANNSMITH_NATIVE_DIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of its stderr, counted from 1. */
  readonly onLine?: (line: number, text: string, child: ChildProcess) => void;
}

export function startCli(home: Home, args: readonly string[], { env, onLine }: CliOptions = {}): CliRun {
  const child = spawn(process.execPath, [main, '--json', ...args], {
    cwd: home.root,
    // What the test runner sets for itself is not the run's.
    env: {
      ...passedOn,
      HOME: home.root,
      ANNSMITH_CACHE: home.cache,
      TMPDIR: home.temporary,
      CXX: `/bin/sh ${compiler} ${home.compiled}`,
      UV_USE_IO_URING: '0',
      ...env,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  const lines: string[] = [];
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  createInterface({ input: child.stderr }).on('line', (text) => {
    lines.push(text);
    onLine?.(lines.length, text, child);
  });
  const ended = once(child, 'close').then(
    ([code, signal]): Ended => ({ code, signal, stdout, stderr: lines.join('\n') }),
  );
  return { child, ended };
}

export async function runCli(home: Home, args: readonly string[], options?: CliOptions): Promise<Ended> {
  return startCli(home, args, options).ended;
}
