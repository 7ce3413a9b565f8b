/** Processes that outlive the one that started them, found by a variable of their environment. Linux only. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes whose environment says `NAME=VALUE`. Nothing where there is no /proc. */
export function markedProcesses(name: string, value: string): readonly FoundProcess[] {
  if (!existsSync('/proc/self/environ')) return [];
  const marked = `${name}=${value}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        if (!readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(marked)) return [];
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(entry), command }];
      } catch {
        // It ended meanwhile, or belongs to somebody else.
        return [];
      }
    });
}

/** Gives them a moment to end by themselves, then ends them. Returns the commands of those that had to be ended. */
export async function endProcesses(
  find: () => readonly FoundProcess[],
  patience = 15_000,
): Promise<readonly string[]> {
  const until = Date.now() + patience;
  while (find().length > 0 && Date.now() < until) await pause(100);
  const left = find();
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended just now.
    }
  }
  while (find().length > 0) await pause(50);
  return left.map(({ command }) => command);
}
