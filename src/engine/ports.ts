import type { Node, Tree } from 'web-tree-sitter';

/** Services the engine needs from its surroundings; each entry point (CLI, server, tests) supplies them. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Monotonic milliseconds, for durations. */
  monotonic(): number;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** An independent generator whose stream depends on this one's seed and the label only. */
  fork(label: string): Random;
}

export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child; default: this process's environment without keys and tokens. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Bytes kept of each stream (the end is kept). */
  readonly maxOutputBytes?: number;
}

export interface RunResult {
  readonly code: number | null;
  readonly killedBy: 'timeout' | 'abort' | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A child that talks by lines; the whole process group dies with `kill`. */
export interface LineProcess {
  readonly pid: number;
  writeLine(line: string): void;
  /** Lines of stdout, ends when the process closes it. */
  readonly lines: AsyncIterableIterator<string>;
  readonly exited: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stderr: string;
  }>;
  kill(): Promise<void>;
}

/** Starts programs directly (no shell), each in a process group of its own that is killed whole. */
export interface ProcessRunner {
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  start(
    command: string,
    args: readonly string[],
    options?: Pick<RunOptions, 'cwd' | 'env' | 'signal'>,
  ): LineProcess;
}

/** Progress of a long piece of work. `fraction` is 0..1 where known. */
export interface Progress {
  readonly stage: string;
  readonly message: string;
  readonly fraction?: number;
  readonly remainingSeconds?: number;
}

export interface Reporter {
  progress(event: Progress): void;
}

export interface Services {
  readonly clock: Clock;
  readonly processes: ProcessRunner;
  readonly logger: Logger;
  readonly reporter: Reporter;
}

/** C++ syntax trees (tree-sitter); implemented by `engine/module`, used by the stages that read code. */
export interface CppSyntax {
  parse(text: string): Tree;
  /**
   * Nodes that define `symbol` (`f`, `Class`, `Class::member`, `ns::Class::member`; a suffix of the qualified name is
   * enough). The node is the whole definition, template header included. Empty: not found; several: ambiguous.
   */
  find(tree: Tree, symbol: string): readonly Node[];
}
