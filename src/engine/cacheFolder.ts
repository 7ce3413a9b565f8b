import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** Where this machine keeps what is the same for every workspace: `$ANNSMITH_CACHE`, else the user's cache folder. */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  system: NodeJS.Platform = platform(),
): string {
  if (env.ANNSMITH_CACHE) return env.ANNSMITH_CACHE;
  if (system === 'darwin') return join(homedir(), 'Library', 'Caches', 'annsmith');
  if (system === 'win32')
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'annsmith', 'Cache');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'annsmith');
}

/** Held while anything is timed, by every window and command of this machine's user. */
export function timingLockPath(): string {
  return join(cacheFolder(), 'timing.lock');
}
