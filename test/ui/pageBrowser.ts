/** What the tests of pages share: a Chromium without a network, and what is painted on a canvas. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from './chromium.ts';

/** Pages in it resolve no name. Throws where `findChromium` finds none. */
export function launchOffline(): Promise<Browser> {
  const { path, env } = findChromium()!;
  return chromium.launch({
    executablePath: path,
    // A container's root has no user namespace for Chromium's own sandbox; the page is ours and offline.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND'],
    env: { ...(process.env as Record<string, string>), ...env },
  });
}

export interface Painted {
  readonly pixels: number;
  readonly colours: number;
  /** As a data URL. */
  readonly picture: string;
}

/** Pixels of a canvas that are painted, how many colours they have, and their picture. */
export function painted(page: Page, id: string): Promise<Painted> {
  return page.evaluate<Painted>(`(() => {
    const canvas = document.getElementById(${JSON.stringify(id)});
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    let pixels = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      pixels++;
      colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    }
    return { pixels, colours: colours.size, picture: canvas.toDataURL() };
  })()`);
}
