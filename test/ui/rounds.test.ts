/** The view of GRPO rounds in a real Chromium without a network: its document, its bundle, and an editor that writes down. */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageStrings } from '../../src/host/grpo/pageStrings.ts';
import type { PolicyState } from '../../src/protocol/engine.ts';
import {
  type RoundsToHost,
  receiveRoundsInHost,
  roundsProtocolVersion,
} from '../../src/protocol/roundsMessages.ts';
import { sampleState } from '../unit/grpo/sampleRounds.ts';
import { findChromium } from './chromium.ts';
import { launchOffline, painted } from './pageBrowser.ts';
import { PageTab, type ThemeName } from './pageTab.ts';

const found = findChromium();
const pictures = join(tmpdir(), 'annsmith-rounds-pictures');
const strings = pageStrings({ t: (text) => text });
const init = { type: 'init', protocol: roundsProtocolVersion, locale: 'en', strings };
let browser: Browser;

interface Opened {
  readonly width?: number;
  readonly theme?: ThemeName;
  readonly state?: unknown;
  readonly data?: PolicyState;
}

async function open({
  width,
  data = sampleState(),
  ...options
}: Opened = {}): Promise<PageTab<RoundsToHost>> {
  const tab = new PageTab<RoundsToHost>(await PageTab.newPage(browser, width));
  await tab.load({ name: 'rounds', title: strings.heading, loading: strings.loading, ...options });
  await tab.post(init);
  await tab.post({ type: 'data', trusted: true, data });
  return tab;
}

describe.skipIf(found === undefined)('the view of rounds in a browser', () => {
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    browser = await launchOffline();
  });
  afterAll(async () => {
    await browser?.close();
    process.stderr.write(`pictures of the view of rounds: ${pictures}\n`);
  });

  it.each([
    ['vscode-light', 1100],
    ['vscode-dark', 600],
    ['vscode-high-contrast', 320],
  ] as const)('%s, %i pixels: paints, reflows, breaks no policy', async (theme, width) => {
    const tab = await open({ theme, width });
    const { page } = tab;
    for (const metric of ['meanReward', 'bestReward', 'valid', 'kl', 'clipFraction', 'entropy']) {
      expect((await painted(page, `chart-${metric}`)).pixels, metric).toBeGreaterThan(500);
    }
    const [scroll, client] = await page.evaluate<number[]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    expect(scroll).toBeLessThanOrEqual(client!);
    await page.screenshot({ path: join(pictures, `${theme}-${width}.png`), fullPage: true });
    expect(tab.requests.map((url) => new URL(url).pathname)).toEqual(['/', '/rounds.css', '/rounds.js']);
    expect(await tab.violations()).toEqual([]);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('has everything that the charts show in tables, newest first', async () => {
    const tab = await open();
    const [head, third, second, first] = await tab.table(strings.tableRounds);
    const at = (row: string[] | undefined, column: string) => row?.[head!.indexOf(column)];
    expect([first, second, third].map((row) => row?.[0])).toEqual(['1', '2', '3']);
    expect(at(first, strings.columnVersion)).toBe('pb-1-aaaaaaaa');
    expect(at(first, strings.columnPromoted)).toBe('yes');
    expect(at(first, strings.meanReward)).toBe('0.125');
    expect(at(first, strings.evaluatedReward)).toBe('0.200');
    expect(at(first, strings.valid)).toBe('75 %');
    expect(at(second, strings.kl)).toBe('0.0500');
    expect(at(second, strings.columnWhy)).toContain('worse');
    expect(at(third, strings.meanReward)).toBe('');
    expect(at(third, strings.columnSkipped)).toContain('1 with equal rewards');
    expect(await tab.table(strings.tableModules)).toContainEqual([
      '1',
      'Refinement',
      '1',
      '0.000',
      '0.100',
      '50 %',
    ]);
    await tab.close();
  });

  it('keeps the module that was chosen', async () => {
    const tab = await open();
    await tab.page.getByRole('combobox', { name: strings.module }).selectOption('search');
    expect(await tab.kept()).toMatchObject({ module: 'search' });
    const again = await open({ state: await tab.kept() });
    expect(await again.page.getByRole('combobox', { name: strings.module }).inputValue()).toBe('search');
    await tab.close();
    await again.close();
  });

  it('asks the host to promote, to roll back and to run, with the keyboard', async () => {
    const tab = await open();
    const { page } = tab;
    const press = async (name: string): Promise<void> => {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
    };
    // What samples already is not offered.
    expect(await page.getByRole('button', { name: /^Promote/ }).count()).toBe(2);
    await press('Promote pb-2-bbbbbbbb');
    await press(strings.rollBack);
    await press(strings.runRound);
    const sent = (await tab.sent()).filter(({ type }) => type !== 'ready');
    expect(sent).toEqual([
      { type: 'promote', version: 'pb-2-bbbbbbbb' },
      { type: 'do', action: 'rollBack' },
      { type: 'do', action: 'run' },
    ]);
    for (const message of sent) expect(receiveRoundsInHost(message)).toMatchObject({ ok: true });
    await tab.close();
  });

  it('says what to do where there are no rounds, and what could not be read', async () => {
    const { versions } = sampleState();
    const tab = await open({ data: { versions: versions.slice(0, 1), rounds: [] } });
    const { page } = tab;
    expect(await page.getByRole('heading', { name: strings.emptyHeading }).isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: strings.runRound }).isVisible()).toBe(true);
    await tab.post({ type: 'error', message: 'the pointer is damaged', fix: 'Delete the file.' });
    expect(await page.getByRole('alert').innerText()).toMatch(/the pointer is damaged\s+Delete the file\./);
    await page.getByRole('button', { name: strings.retry }).click();
    expect(await tab.last('do')).toEqual({ type: 'do', action: 'retry' });
    await tab.close();
  });
});
