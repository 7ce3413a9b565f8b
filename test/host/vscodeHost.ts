/** The VS Code that tests run in: the desktop's where it can be downloaded and shown, else code-server's. */
import { findChromium } from '../ui/chromium.ts';
import { findDesktop } from './desktop.ts';
import { codeServer, findCodeServer } from './installed.ts';

export type VSCodeHost =
  | { readonly kind: 'desktop'; readonly executable: string }
  | { readonly kind: 'code-server' };

/** Why tests in code-server are left out, or undefined where they can run. */
export function codeServerMissing(): string | undefined {
  if (findCodeServer() === undefined)
    return 'no code-server is installed (`node scripts/vscodeHost.ts install`)';
  if (findChromium() === undefined) return 'there is no Chromium (`node scripts/getChromium.ts`)';
  return undefined;
}

/** The host, or why there is none. */
export async function findVSCodeHost(): Promise<VSCodeHost | string> {
  const executable = await findDesktop();
  if (executable !== undefined) return { kind: 'desktop', executable };
  return codeServerMissing() ?? { kind: 'code-server' };
}

export function hostName(host: VSCodeHost): string {
  return host.kind === 'desktop'
    ? `desktop VS Code (${host.executable})`
    : `VS Code ${codeServer.vscode} of code-server ${codeServer.version}, as no desktop VS Code can be had or shown here`;
}
