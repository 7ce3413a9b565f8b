import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/**
 * Where a user's trained policies are kept, for every workspace: `$ANNSMITH_DATA`, else the user's data folder. Unlike
 * the cache it holds what cannot be made again.
 */
export function dataFolder(
  env: NodeJS.ProcessEnv = process.env,
  system: NodeJS.Platform = platform(),
): string {
  if (env.ANNSMITH_DATA) return env.ANNSMITH_DATA;
  if (system === 'darwin') return join(homedir(), 'Library', 'Application Support', 'annsmith');
  if (system === 'win32')
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'annsmith', 'Data');
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'annsmith');
}
