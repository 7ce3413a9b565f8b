/** Chromium for the workbench of code-server. */
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../ui/chromium.ts';

export async function openBrowser(): Promise<Browser> {
  const found = findChromium();
  if (found === undefined) throw new Error('no Chromium: `node scripts/getChromium.ts`');
  return chromium.launch({
    executablePath: found.path,
    args: [
      // A container's root has no user namespace for Chromium's own sandbox; the page is ours.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      // Proves that the page asks nobody else.
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    ],
    env: { ...(process.env as Record<string, string>), ...found.env },
  });
}
