/**
 * A report in a real Chromium without a network: what it loads, what it draws, how it is used without a mouse, and a
 * picture of every form it takes (the folder is printed at the end).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fruitlessRun,
  oneModuleRun,
  SampleRun,
  threeModuleRun,
  unfinishedRun,
} from '../unit/reporting/sampleLedger.ts';
import { findChromium } from './chromium.ts';
import { launchOffline, painted } from './pageBrowser.ts';

const found = findChromium();
if (found === undefined) {
  process.stderr.write('left out: the tests of the report in a browser, as no Chromium was found\n');
}

const cli = join(import.meta.dirname, '..', '..', 'bin', 'annsmith.mjs');
const pictures = join(tmpdir(), 'annsmith-report-pictures');
let workspace: string;
let browser: Browser;

/** A page with what it asked for and said. */
interface Opened {
  readonly page: Page;
  readonly requests: readonly string[];
  readonly messages: readonly string[];
}

function write(runId: string): string {
  const out = join(workspace, `${runId}.html`);
  const args = [cli, 'report', runId, '--workspace', workspace, '--out', out];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return out;
}

async function open(file: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({
    offline: true,
    viewport: { width: 1200, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const requests: string[] = [];
  const messages: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(error.message));
  page.on('dialog', (dialog) => messages.push(dialog.message()));
  await page.goto(pathToFileURL(file).href);
  return { page, requests, messages };
}

const canvasIds = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[...document.querySelectorAll('canvas')].map(({ id }) => id)`);

describe.skipIf(found === undefined)('a report in a browser', () => {
  beforeAll(async () => {
    workspace = mkdtempSync(join(tmpdir(), 'annsmith-report-ui-'));
    mkdirSync(pictures, { recursive: true });
    for (const run of [oneModuleRun, threeModuleRun, fruitlessRun, unfinishedRun]) await run(workspace);
    browser = await launchOffline();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(workspace, { recursive: true, force: true });
    process.stderr.write(`pictures of the report: ${pictures}\n`);
  });

  it.each([
    ['light', 1200, 'screen'],
    ['dark', 1200, 'screen'],
    ['light', 390, 'screen'],
    ['dark', 800, 'print'],
  ] as const)(
    '%s, %i pixels, %s: draws every chart, loads nothing, says nothing',
    async (colorScheme, width, media) => {
      const file = write('three-modules');
      const { page, requests, messages } = await open(file, {
        colorScheme,
        viewport: { width, height: 900 },
      });
      await page.emulateMedia({ media, colorScheme });
      const ids = await canvasIds(page);
      expect(ids.length).toBeGreaterThan(8);
      for (const id of ids) {
        const { pixels, colours } = await painted(page, id);
        expect({ id, enough: pixels > 2000 && colours > 5 }).toEqual({ id, enough: true });
      }
      expect(requests).toEqual([pathToFileURL(file).href]);
      expect(messages).toEqual([]);
      const sizes = await page.evaluate<number[]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      );
      expect(sizes[0]).toBeLessThanOrEqual(sizes[1]!);
      const [background] = await page.evaluate<string[]>(
        '[getComputedStyle(document.documentElement).backgroundColor]',
      );
      const dark = colorScheme === 'dark' && media === 'screen';
      expect(background).toBe(dark ? 'rgb(18, 22, 27)' : 'rgb(255, 255, 255)');
      await page.screenshot({ path: join(pictures, `${colorScheme}-${width}-${media}.png`), fullPage: true });
      await page.context().close();
    },
  );

  it('is a document with headings, landmarks and a table for every chart', async () => {
    const { page } = await open(write('one-module'));
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('hnsw: search');
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
      'Curves',
      'Costs, latency and throughput',
      'Candidates',
      'Changes',
      'How it was measured',
      'How to repeat it',
    ]);
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.locator('.gain').textContent()).toContain('+80.4');
    for (const canvas of await page.getByRole('img').all()) {
      expect(await canvas.getAttribute('aria-label')).not.toBe('');
      const table = page.locator(`#${await canvas.getAttribute('aria-describedby')} table`).first();
      expect(await table.getByRole('row').count()).toBeGreaterThan(2);
    }
    for (const line of ['added', 'removed'])
      expect(await page.locator(`#changes ~ .file .${line}`).count()).toBeGreaterThan(3);
    await page.context().close();
  });

  it('is used with the keyboard alone', async () => {
    const { page } = await open(write('one-module'));
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the result');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Curves');
    const reached = new Set<string>();
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate<string>('document.activeElement.tagName'));
    }
    expect([...reached]).toEqual(expect.arrayContaining(['A', 'BUTTON', 'DIV', 'SUMMARY']));

    const button = page
      .getByRole('group', { name: 'Curves shown' })
      .first()
      .getByRole('button', { name: 'after' });
    await button.focus();
    const before = await painted(page, 'curve-0');
    await page.keyboard.press('Space');
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    expect((await painted(page, 'curve-0')).pixels).toBeLessThan(before.pixels);
    await page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    expect(await painted(page, 'curve-0')).toEqual(before);

    const summary = page.locator('.more summary').first();
    await summary.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.more details').first().getAttribute('open')).toBe('');
    await page.context().close();
  });

  it('takes on another colour scheme while it is open', async () => {
    const { page } = await open(write('one-module'), { colorScheme: 'dark' });
    const { page: light } = await open(write('one-module'), { colorScheme: 'light' });
    const pixels = (of: Page): Promise<string> =>
      of.evaluate<string>(`document.getElementById('curve-0').toDataURL()`);
    const same = async (): Promise<boolean> => (await pixels(page)) === (await pixels(light));
    expect(await same()).toBe(false);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(same).toBe(true);
    await page.context().close();
    await light.context().close();
  });

  it('prints, with what was folded away, and folds it away again', async () => {
    const { page } = await open(write('three-modules'), { colorScheme: 'dark' });
    const closed = 'document.querySelectorAll("details:not([open])").length';
    const before = await page.evaluate<number>(closed);
    await page.evaluate(
      `addEventListener('beforeprint', () => { window.stillClosed = document.querySelectorAll('details:not([open], .more *)').length; })`,
    );
    const file = join(pictures, 'print.pdf');
    await page.pdf({ path: file, format: 'A4' });
    expect(statSync(file).size).toBeGreaterThan(50_000);
    expect(await page.evaluate<number>('window.stillClosed')).toBe(0);
    expect(await page.evaluate<number>(closed)).toBe(before);
    await page.context().close();
  });

  it('says that a run is unfinished, or that nothing was gained', async () => {
    for (const [runId, text] of [
      ['unfinished', 'No result yet'],
      ['fruitless', 'No gain'],
    ] as const) {
      const { page, messages } = await open(write(runId));
      expect(await page.locator('.gain').textContent()).toBe(text);
      expect(messages).toEqual([]);
      await page.screenshot({ path: join(pictures, `${runId}.png`), fullPage: true });
      await page.context().close();
    }
  });

  it('runs nothing but its own script', async () => {
    const hostile = `</script><script>window.hacked = 1</script><img src="https://example.com/x" onerror="window.hacked = 1">`;
    const run = new SampleRun(workspace, 'hostile');
    await run.begin(['search'], { workspace: { name: hostile, root: hostile, hash: hostile } });
    await run.group('g1', 'search', 1);
    await run.completion(
      'g1c1',
      hostile,
      `--- a/x.h\n+++ b/x.h\n@@ -1,1 +1,1 @@\n-${hostile}\n+${hostile}\n`,
    );
    await run.judgement('g1c1', { kind: 'failed', error: hostile });
    await run.end('failed', [], hostile);
    const { page, requests, messages } = await open(write('hostile'));
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(`${hostile}: search`);
    expect(messages).toEqual([]);
    expect(requests).toHaveLength(1);
    // What would get past the escaping meets the policy.
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.hacked = 1';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'https://example.com/x';
      document.body.append(image);
      image.setAttribute('onerror', 'window.hacked = 1');
    }`);
    await expect
      .poll(() => messages.filter((text) => text.includes('Content Security Policy')).length)
      .toBe(3);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    await page.context().close();
  });
});
