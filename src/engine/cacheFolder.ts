import os from 'node:os';
import { join } from 'node:path';

/** Where this machine keeps what is the same for every workspace: `$ANNSMITH_CACHE`, else the system's cache folder. */
export function cacheFolder(): string {
  const chosen = process.env['ANNSMITH_CACHE'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (process.platform === 'darwin') return join(os.homedir(), 'Library', 'Caches', 'annsmith');
  if (process.platform === 'win32') {
    return join(process.env['LOCALAPPDATA'] ?? join(os.homedir(), 'AppData', 'Local'), 'annsmith');
  }
  return join(process.env['XDG_CACHE_HOME'] ?? join(os.homedir(), '.cache'), 'annsmith');
}

/** Held while anything is timed, by every window and command of this machine's user. */
export function timingLockPath(): string {
  return join(cacheFolder(), 'timing.lock');
}
