import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

const patienceMs = 2000;

/** The process of the engine server, run by the extension host's own Node. */
export class ServerProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves with a word about how it ended; never rejects. */
  readonly ended: Promise<string>;

  constructor(script: string, environment: Readonly<Record<string, string>>, cwd: string) {
    this.child = spawn(process.execPath, [script, '--stdio'], {
      cwd,
      env: environment,
      stdio: 'pipe',
      windowsHide: true,
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    // Writing to a server that has just died is no error of its own: `ended` says it.
    this.child.stdin.on('error', () => undefined);
  }

  get isAlive(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends the process, in the end by force. It stops its own children when its input is closed. */
  async end(): Promise<void> {
    if (!this.isAlive) return;
    this.child.stdin.end();
    const force = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    await once(this.child, 'exit');
    clearTimeout(force);
  }
}
