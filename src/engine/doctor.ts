import { access, constants, mkdir, statfs } from 'node:fs/promises';
import type { Diagnosis } from '../protocol/engine.ts';
import { cacheFolder } from './cacheFolder.ts';
import { errorText, UserError } from './errors.ts';
import { HarnessClient } from './harnessClient.ts';
import { compilerVersion, machineFingerprint } from './machine.ts';
import { abiIncludeDir, harnessPath } from './native.ts';
import type { Services } from './ports.ts';

const neededDiskBytes = 4 * 2 ** 30;

/** Runs one examination; what it throws becomes a bad finding with the error's own fix. */
async function examine(name: string, look: () => Promise<Omit<Diagnosis, 'name'>>): Promise<Diagnosis> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    const fix = error instanceof UserError ? { fix: error.fix } : {};
    return { name, state: 'bad', finding: errorText(error), ...fix };
  }
}

async function examineLockdown(services: Services): Promise<Omit<Diagnosis, 'name'>> {
  const client = new HarnessClient({ processes: services.processes, harnessPath: harnessPath() });
  try {
    const hello = await client.hello();
    if (!hello.ok)
      return { state: 'bad', finding: hello.failure.detail, fix: 'Run `npm run build:native` again.' };
    const { landlockAbi, pinned } = hello.value;
    const pins = `search on core ${pinned.search}, supervisor on core ${pinned.supervisor}`;
    if (pinned.search === pinned.supervisor) {
      return {
        state: 'poor',
        finding: `one core only: ${pins}`,
        fix: 'Measure on a machine with two cores or more.',
      };
    }
    return landlockAbi > 0
      ? { state: 'good', finding: `Landlock ABI ${landlockAbi}, seccomp; ${pins}` }
      : {
          state: 'poor',
          finding: `no Landlock: candidates are held by seccomp and limits alone; ${pins}`,
          fix: 'Use Linux 5.13 or newer with Landlock enabled (boot option lsm=landlock,...).',
        };
  } finally {
    await client.quit();
  }
}

/** Looks at everything a run needs on this machine. */
export async function examineMachine(services: Services): Promise<Diagnosis[]> {
  return [
    await examine('compiler', async () => ({
      state: 'good',
      finding: await compilerVersion(services.processes),
    })),
    await examine('native parts', async () => ({ state: 'good', finding: harnessPath() })),
    await examine('ABI header', async () => {
      await access(abiIncludeDir(), constants.R_OK);
      return { state: 'good', finding: abiIncludeDir() };
    }),
    await examine('processor', async () => {
      const machine = machineFingerprint();
      const finding = `${machine.cpu}, ${machine.cores} cores, ${machine.isa.join(' ')}, last-level cache ${Math.round(machine.llcBytes / 2 ** 20)} MiB`;
      return { state: 'good', finding };
    }),
    await examine('lock-down', () => examineLockdown(services)),
    await examine('cache', async () => {
      const folder = cacheFolder();
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      const { bavail, bsize } = await statfs(folder);
      const free = `${folder}, ${(bavail * bsize) / 2 ** 30 >= 10 ? Math.round((bavail * bsize) / 2 ** 30) : ((bavail * bsize) / 2 ** 30).toFixed(1)} GiB free`;
      return bavail * bsize >= neededDiskBytes
        ? { state: 'good', finding: free }
        : {
            state: 'poor',
            finding: free,
            fix: 'Free some space, or set ANNSMITH_CACHE to a folder on a larger disk.',
          };
    }),
  ];
}
