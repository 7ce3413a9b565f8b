/** A desktop VS Code, where one can be had and shown. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { downloadAndUnzipVSCode } from '@vscode/test-electron';

const cachePath = join(import.meta.dirname, '..', '..', 'build', 'vscode-desktop');
const networkErrors = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
];

function isOffline(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (networkErrors.includes((e as NodeJS.ErrnoException).code ?? '')) return true;
  }
  return false;
}

/** `$VSCODE_EXECUTABLE`, else a downloaded stable one. Undefined without a display or a way to download it. */
export async function findDesktop(): Promise<string | undefined> {
  const { VSCODE_EXECUTABLE, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (VSCODE_EXECUTABLE !== undefined && VSCODE_EXECUTABLE !== '') {
    if (!existsSync(VSCODE_EXECUTABLE))
      throw new Error(`$VSCODE_EXECUTABLE does not exist: ${VSCODE_EXECUTABLE}`);
    return VSCODE_EXECUTABLE;
  }
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return undefined;
  try {
    return await downloadAndUnzipVSCode({ version: 'stable', cachePath });
  } catch (error) {
    if (isOffline(error)) return undefined;
    throw error;
  }
}
