/** The processes that belong to a home: by their environment, their arguments or the folder they work in. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Home } from './home.ts';

const run = promisify(execFile);

export interface LivingProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

export async function processesOf({ root }: Home): Promise<LivingProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<LivingProcess | undefined> => {
      try {
        const status = await readFile(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z' || state === 'X') return undefined;
        const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
        const folder = await readlink(`/proc/${pid}/cwd`);
        const own = [command, environment, folder].some((text) => text.includes(root));
        return own ? { pid: Number(pid), parent: Number(parent), command } : undefined;
      } catch {
        // It has ended meanwhile.
        return undefined;
      }
    }),
  );
  return found.filter((process) => process !== undefined);
}

/** What is left of a home's processes once they have had time to notice that their run is gone. */
export async function survivors(home: Home, awaitExit: string): Promise<string[]> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const living = await processesOf(home);
    const left = Math.ceil(deadline - performance.now());
    if (living.length === 0 || left <= 0) return living.map(({ pid, command }) => `${pid} ${command}`);
    // Ends with 1 where some still live; the next look says which.
    await run(awaitExit, [String(left), ...living.map(({ pid }) => String(pid))]).catch(() => undefined);
  }
}
