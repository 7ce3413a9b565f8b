/** The benchmark view in a browser. */
import type { Browser } from 'playwright-core';
import { pageStrings } from '../../src/host/curves/pageStrings.ts';
import { curvesProtocolVersion, type ToHost, type ToPage } from '../../src/protocol/curvesMessages.ts';
import type { CurvesData } from '../../src/protocol/engine.ts';
import { type Painted, painted } from './pageBrowser.ts';
import { PageTab, type ThemeName } from './pageTab.ts';

export const strings = pageStrings({ t: (text) => text });

export interface OpenOptions {
  readonly width?: number;
  readonly theme?: ThemeName;
  /** What the editor has kept of the page. */
  readonly state?: unknown;
  readonly data?: CurvesData;
}

/** The page in a tab, with what it said to the editor and to the console. */
export class CurvesTab extends PageTab<ToHost> {
  static async open(browser: Browser, options: OpenOptions = {}): Promise<CurvesTab> {
    const { width, theme, state, data } = options;
    const tab = new CurvesTab(await PageTab.newPage(browser, width));
    const { heading: title, loading } = strings;
    await tab.load({ name: 'curves', title, loading, theme, state });
    if (data !== undefined) {
      await tab.post(init());
      await tab.post({ type: 'data', trusted: true, data });
    }
    return tab;
  }

  /** Pixels of the chart that are painted, and their picture. */
  painted(): Promise<Painted> {
    return painted(this.page, 'chart');
  }
}

export function init(): ToPage {
  return {
    type: 'init',
    protocol: curvesProtocolVersion,
    root: '/home/ada/hnsw',
    name: 'hnsw',
    locale: 'en',
    strings,
  };
}
