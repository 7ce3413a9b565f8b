import type { Logger, Progress, Reporter } from '../engine/ports.ts';

/** Where the CLI writes: results on stdout, everything else on stderr. The only place that does. */
export interface Output extends Logger, Reporter {
  /** The result: `document` as one line of JSON with `--json`, else `text`. */
  result(document: unknown, text: () => string): void;
  /** Ends a progress line that is still open. */
  finish(): void;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** How often progress may print when it is not on a terminal. */
const plainIntervalMs = 5000;

function formatRemaining(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  return `${Math.floor(seconds / 60)} min ${Math.ceil(seconds % 60)} s left`;
}

function formatProgress(event: Progress): string {
  const percent = event.fraction === undefined ? '' : ` ${Math.floor(event.fraction * 100)} %`;
  const remaining =
    event.remainingSeconds === undefined ? '' : `, ${formatRemaining(event.remainingSeconds)}`;
  return `[${event.stage}${percent}${remaining}] ${event.message}`;
}

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr } = process;
  const live = stderr.isTTY === true;
  let lineOpen = false;
  let lastStage = '';
  let lastPrinted = 0;

  const finish = (): void => {
    if (lineOpen) stderr.write('\n');
    lineOpen = false;
  };
  const log = (message: string): void => {
    if (lineOpen) stderr.write('\r\x1b[K');
    lineOpen = false;
    stderr.write(`${message}\n`);
  };
  return {
    debug: (message) => {
      if (options.verbose) log(message);
    },
    info: (message) => {
      if (!options.quiet) log(message);
    },
    warn: (message) => log(`warning: ${message}`),
    error: (message) => log(`error: ${message}`),
    progress: (event) => {
      if (options.quiet) return;
      if (live) {
        const width = stderr.columns ?? 80;
        stderr.write(`\r\x1b[K${formatProgress(event).slice(0, width - 1)}`);
        lineOpen = true;
        return;
      }
      const now = performance.now();
      if (event.stage === lastStage && now - lastPrinted < plainIntervalMs) return;
      lastStage = event.stage;
      lastPrinted = now;
      stderr.write(`${formatProgress(event)}\n`);
    },
    result: (document, text) => {
      finish();
      stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${text()}\n`);
    },
    finish,
  };
}
