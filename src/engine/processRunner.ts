import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { guardGroups } from './orphanGuard.ts';
import type { LineProcess, ProcessRunner, RunOptions, RunResult } from './ports.ts';

/** How long a process group may take to end after SIGTERM before it gets SIGKILL. */
const graceMs = 2000;
const defaultMaxOutputBytes = 1 << 20;
const secretName = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|CUSTOM_HEADERS/i;

/** This process's environment without anything that looks like a key; what children get by default. */
export function cleanEnvironment(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && !secretName.test(name)) clean[name] = value;
  }
  return clean;
}

/** Keeps the last `limit` bytes of a stream. */
class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#chunks.length > 1 && this.#size - this.#chunks[0]!.length >= this.#limit) {
      this.#size -= this.#chunks.shift()!.length;
    }
  }

  text(): string {
    const whole = Buffer.concat(this.#chunks);
    return whole.subarray(Math.max(0, whole.length - this.#limit)).toString('utf8');
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has already ended.
  }
}

/** SIGTERM to the group, SIGKILL after the grace period or once the leader has gone (stragglers); resolves at its exit. */
async function killGroup(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  signalGroup(child, 'SIGTERM');
  const force = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await closed;
  clearTimeout(force);
  signalGroup(child, 'SIGKILL');
}

/** Process groups of this process that still live; ended when this process ends, however it ends. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) signalGroup(child, 'SIGKILL');
});

function keepLiving(child: ChildProcess, lives: boolean): void {
  if (lives) living.add(child);
  else living.delete(child);
  guardGroups([...living].flatMap(({ pid }) => pid ?? []));
}

function launch(command: string, args: readonly string[], options: RunOptions): ChildProcess {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: options.env ?? cleanEnvironment(),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  keepLiving(child, true);
  child.once('close', () => keepLiving(child, false));
  child.once('error', () => keepLiving(child, false));
  // A child that ends before it has read its input is not an error of ours.
  child.stdin?.on('error', () => undefined);
  return child;
}

async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const started = performance.now();
  const child = launch(command, args, options);
  const limit = options.maxOutputBytes ?? defaultMaxOutputBytes;
  const stdout = new Tail(limit);
  const stderr = new Tail(limit);
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const closed = once(child, 'close');
  let killedBy: RunResult['killedBy'] = null;
  const kill = (reason: 'timeout' | 'abort'): void => {
    killedBy ??= reason;
    killGroup(child, closed).catch(() => undefined);
  };
  const onAbort = (): void => kill('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => kill('timeout'), options.timeoutMs);
  child.stdin?.end(options.input ?? '');
  try {
    await closed;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
  return {
    code: child.exitCode,
    killedBy,
    signal: child.signalCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    seconds: (performance.now() - started) / 1000,
  };
}

function start(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'cwd' | 'env' | 'signal'> = {},
): LineProcess {
  options.signal?.throwIfAborted();
  const child = launch(command, args, options);
  const stderr = new Tail(64 << 10);
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const closed = once(child, 'close');
  const exited = closed.then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    stderr: stderr.text(),
  }));
  // A command that cannot be started rejects here; whoever awaits `exited` sees it.
  exited.catch(() => undefined);
  const kill = (): Promise<void> =>
    killGroup(
      child,
      closed.catch(() => undefined),
    );
  const onAbort = (): void => {
    kill().catch(() => undefined);
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  closed.finally(() => options.signal?.removeEventListener('abort', onAbort)).catch(() => undefined);
  const reader = createInterface({ input: child.stdout! });
  return {
    pid: child.pid ?? -1,
    writeLine: (line) => {
      child.stdin?.write(`${line}\n`);
    },
    lines: reader[Symbol.asyncIterator](),
    exited,
    kill,
  };
}

/** The real process runner. POSIX process groups; a command that does not exist rejects with `ENOENT`. */
export function createProcessRunner(): ProcessRunner {
  return { run, start };
}
