import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import type { Writable } from 'node:stream';

/**
 * Remembers the last line it read, a list of process groups, and ends them once nobody can write any more. In the
 * background, so that it is no child of whoever it outlives.
 */
const script =
  '(groups=; while read -r line; do groups=$line; done; for group in $groups; do kill -s KILL -- "-$group"; done) <&3 &';

let pipe: Writable | undefined;

/**
 * Says which process groups must not outlive this process. A process that is killed can end nothing itself: a shell
 * that waits for the end of a pipe does it then.
 */
export function guardGroups(leaders: Iterable<number>): void {
  if (platform() === 'win32') return;
  pipe ??= startGuard();
  pipe?.write(`${[...leaders].join(' ')}\n`);
}

function startGuard(): Writable | undefined {
  const shell = spawn('/bin/sh', ['-c', script], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  // Without it everything works but the cleaning up after a kill.
  shell.on('error', () => undefined);
  shell.unref();
  const end = shell.stdio[3] as (Writable & { unref?(): void }) | null | undefined;
  end?.on('error', () => undefined);
  end?.unref?.();
  return end ?? undefined;
}
