/**
 * The benchmark view in a real Chromium without a network: the document and the bundle that the editor is given, data
 * that the engine's server makes of a ledger, and a stand-in for the editor that only writes down.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../src/engine/ledger/runSummary.ts';
import { exportBytes } from '../../src/host/curves/exportFile.ts';
import { receiveInHost } from '../../src/protocol/curvesMessages.ts';
import type { CurvesData } from '../../src/protocol/engine.ts';
import { curvesOf } from '../../src/server/views/curves.ts';
import { fruitlessRun, oneModuleRun, threeModuleRun } from '../unit/reporting/sampleLedger.ts';
import { findChromium } from './chromium.ts';
import { CurvesTab, init, type OpenOptions, strings } from './curvesPage.ts';
import { launchOffline } from './pageBrowser.ts';
import type { ThemeName } from './pageTab.ts';

const found = findChromium();
if (found === undefined) {
  process.stderr.write('left out: the tests of the benchmark view in a browser, as no Chromium was found\n');
}

const pictures = join(tmpdir(), 'annsmith-curves-pictures');
const mnist = 'mnist-784-euclidean';
let workspace: string;
let browser: Browser;
let data: CurvesData;

describe.skipIf(found === undefined)('the benchmark view in a browser', () => {
  beforeAll(async () => {
    workspace = mkdtempSync(join(tmpdir(), 'annsmith-curves-ui-'));
    mkdirSync(pictures, { recursive: true });
    await oneModuleRun(workspace);
    await threeModuleRun(workspace);
    await fruitlessRun(workspace);
    const { records, problems } = await readLedger(ledgerPath(workspace));
    expect(problems).toEqual([]);
    data = newestFirst(await curvesOf(workspace, records));
    browser = await launchOffline();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(workspace, { recursive: true, force: true });
    process.stderr.write(`pictures of the benchmark view: ${pictures}\n`);
  });

  const open = (options: OpenOptions = {}): Promise<CurvesTab> =>
    CurvesTab.open(browser, { data, ...options });

  it.each([
    ['vscode-light', 1100],
    ['vscode-dark', 1100],
    ['vscode-high-contrast', 1100],
    ['vscode-dark', 320],
    ['vscode-light', 600],
  ] as const)(
    '%s, %i pixels: paints, reflows, loads its own two files, breaks no policy',
    async (theme, width) => {
      const tab = await open({ theme, width });
      const { page } = tab;
      await page.getByRole('button', { name: /^best, search/ }).click();
      const { pixels, colours } = await tab.painted();
      expect(pixels).toBeGreaterThan(2000);
      expect(colours).toBeGreaterThan(5);
      const [scroll, client] = await page.evaluate<number[]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      );
      expect(scroll).toBeLessThanOrEqual(client!);
      await page.screenshot({ path: join(pictures, `${theme}-${width}.png`), fullPage: true });
      expect(tab.requests.map((url) => new URL(url).pathname)).toEqual(['/', '/curves.css', '/curves.js']);
      expect(await tab.violations()).toEqual([]);
      expect(tab.complaints).toEqual([]);
      expect((await tab.sent()).filter(({ type }) => type !== 'ready')).toEqual([]);
      await tab.close();
    },
  );

  it('says that it listens before anything else, and shows nothing of an editor that has not answered', async () => {
    const tab = await CurvesTab.open(browser);
    expect(await tab.sent()).toEqual([{ type: 'ready', protocol: 1 }]);
    expect(await tab.page.getByRole('main').textContent()).toBe(strings.loading);
    await tab.close();
  });

  it('is a document of landmarks, headings, named controls and tables', async () => {
    const tab = await open();
    const { page } = tab;
    expect(await page.getByRole('search').ariaSnapshot()).toMatchInlineSnapshot(`
      "- search "What to show":
        - text: Dataset
        - combobox "Dataset":
          - option "mnist-784-euclidean" [selected]
          - option "fashion-mnist-784-euclidean"
          - option "wink-100-angular"
        - text: Module
        - combobox "Module":
          - option "All modules" [selected]
          - option "Construction"
          - option "Search"
          - option "Refinement"
        - group "Show":
          - text: Show
          - checkbox "Candidates (1)" [checked]
          - text: Candidates (1)
        - group "Runs":
          - text: Runs
          - checkbox "search, 2026-01-31 09:30 UTC done · Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores · g++ (Debian 12.2.0-14) 12.2.0" [checked]
          - text: search, 2026-01-31 09:30 UTC done · Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores · g++ (Debian 12.2.0-14) 12.2.0
          - checkbox "construction, search and refinement, 2026-01-31 09:30 UTC done · Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores · g++ (Debian 12.2.0-14) 12.2.0"
          - text: construction, search and refinement, 2026-01-31 09:30 UTC done · Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores · g++ (Debian 12.2.0-14) 12.2.0
          - checkbox "search, 2026-01-31 09:30 UTC done · Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores · g++ (Debian 12.2.0-14) 12.2.0"
          - text: search, 2026-01-31 09:30 UTC done · Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores · g++ (Debian 12.2.0-14) 12.2.0"
    `);
    expect(await page.getByRole('list', { name: strings.curves }).ariaSnapshot()).toMatchInlineSnapshot(`
      "- list "Curves":
        - listitem:
          - checkbox "Show reference" [checked]
          - button "reference"
        - listitem:
          - checkbox "Show best, search" [checked]
          - button "best, search winner · +80.4 % (+78.2 % to +82.6 %)"
        - listitem:
          - checkbox "Show g1c1, winner of search" [checked]
          - button "g1c1, winner of search winner · Search · +80.4 % (+78.2 % to +82.6 %)"
        - listitem:
          - checkbox "Show g1c2" [checked]
          - button "g1c2 candidate · Search · +5.1 % (+2.0 % to +8.3 %) · paired timing""
    `);
    expect(await page.getByRole('heading').allTextContents()).toEqual([
      'QPS-recall curves hnsw',
      'Curves',
      'Chosen curve',
      'The same as tables',
    ]);
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    for (const table of await page.getByRole('table').all()) {
      expect(await table.locator('caption').textContent()).not.toBe('');
      expect(await table.getByRole('rowheader').count()).toBeGreaterThan(0);
    }
    await tab.close();
  });

  it('has a table for everything that the chart shows', async () => {
    const tab = await open();
    const shown = data.series.filter(
      ({ run, dataset, role }) => run === 'one-module' && dataset === mnist && role !== 'rejected',
    );
    expect(shown.length).toBeGreaterThan(3);
    const grouped = (value: number): string => Math.round(value).toLocaleString('en');
    const [, ...points] = await tab.table(`Measured points on ${mnist}`);
    expect(points.map((cells) => cells.slice(0, 4)).sort()).toEqual(
      shown
        .flatMap(({ name, points }) =>
          points.map(({ ef, recall, qps }) => [name, String(ef), recall.toFixed(4), grouped(qps)]),
        )
        .sort(),
    );
    const [, ...intervals] = await tab.table(`QPS at equal recall with 95 % intervals on ${mnist}`);
    expect(intervals.map((cells) => cells.slice(2)).sort()).toEqual(
      shown
        .flatMap(({ intervals }) => intervals.map(({ value, low, high }) => [value, low, high].map(grouped)))
        .sort(),
    );
    const [head, ...curves] = await tab.table(`Curves on ${mnist}`);
    expect(head).toContain('Compiler');
    expect(curves).toHaveLength(shown.length);
    const winner = curves.find(([name]) => name === 'g1c1, winner of search');
    expect(winner).toEqual([
      'g1c1, winner of search',
      'winner',
      '+80.4\u00a0%',
      '+78.2\u00a0% to +82.6\u00a0%',
      '22.0\u00a0s',
      '240\u00a0MiB',
      'resident timing',
      'Intel(R) Xeon(R) Processor @ 2.80GHz, 4 cores',
      'g++ (Debian 12.2.0-14) 12.2.0',
    ]);
    await tab.close();
  });

  it('hides its tables from sight only, and says so', async () => {
    const tab = await open();
    const button = tab.page.getByRole('button', { name: strings.showTables });
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    await button.click();
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    expect(await tab.page.getByRole('table').count()).toBe(3);
    const box = await tab.page.locator('#tables-content').boundingBox();
    expect(box).toMatchObject({ width: 1, height: 1 });
    await tab.close();
  });

  it('is used with the keyboard alone', async () => {
    const tab = await open();
    const { page } = tab;
    const focused = (): Promise<string> =>
      page.evaluate<string>(
        'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
      );
    const chart = page.getByRole('application', { name: strings.chart });
    const said = page.locator('[role="status"].out-of-sight');
    for (let i = 0; (await focused()) !== strings.chart; i++) {
      expect(i).toBeLessThan(20);
      await page.keyboard.press('Tab');
    }
    // In the chart: along a curve, and to the next one at the nearest recall.
    const before = await tab.painted();
    await page.keyboard.press('ArrowRight');
    expect(await said.textContent()).toBe('reference: ef 10, recall 0.9312, 6,210 QPS; point 1 of 6');
    expect((await tab.painted()).picture).not.toBe(before.picture);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    expect(await said.textContent()).toMatch(/^best, search: ef 16, recall 0\.9592, .* point 2 of 6$/);
    await page.keyboard.press('End');
    expect(await said.textContent()).toMatch(/point 6 of 6$/);
    await page.keyboard.press('ArrowRight');
    expect(await said.textContent()).toMatch(/point 6 of 6$/);
    await page.keyboard.press('Home');
    expect(await said.textContent()).toMatch(/point 1 of 6$/);
    expect(await chart.evaluate('document.activeElement.className')).toBe('chart');

    // Past the exports to the list: one row is in the tab order, the chosen one.
    for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('Show best, search');
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('best, search');
    await page.keyboard.press('ArrowDown');
    const second = await focused();
    expect(second).toContain('g1c1');
    const pressed = page.getByRole('list', { name: strings.curves }).getByRole('button', { pressed: true });
    expect(await pressed.allTextContents()).toEqual([second]);
    await page.keyboard.press('ArrowLeft');
    expect(await said.textContent()).toMatch(/point 6 of 6$/);
    await page.keyboard.press('ArrowUp');

    // On to what can be done with the chosen curve: its change scrolls, then its buttons.
    await page.keyboard.press('Tab');
    expect(await focused()).toBe(strings.change);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe(strings.review);
    await page.keyboard.press('Enter');
    expect(await tab.last('review')).toEqual({ type: 'review', run: 'one-module', candidate: 'best' });

    // A checkbox of the list by keys: hidden, and shown again.
    const all = await tab.painted();
    const box = page.getByRole('checkbox', { name: 'Show reference' });
    await page.getByRole('checkbox', { name: 'Show best, search' }).focus();
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toMatch(/^Show /);
    await box.focus();
    await page.keyboard.press('Space');
    expect(await box.isChecked()).toBe(false);
    expect((await tab.painted()).pixels).not.toBe(all.pixels);
    expect((await tab.table(`Curves on ${mnist}`)).flat()).not.toContain('reference');
    await page.keyboard.press('Space');
    expect((await tab.table(`Curves on ${mnist}`)).flat()).toContain('reference');
    await tab.close();
  });

  it('shows what the curve under the pointer changes, and the chosen one again when it leaves', async () => {
    const tab = await open();
    const { page } = tab;
    const details = page.getByRole('region', { name: strings.chosen });
    expect(await details.textContent()).toContain(strings.unchosen);
    const winner = page.getByRole('button', { name: /^g1c1, winner/ });
    const other = page.getByRole('button', { name: /^g1c2/ });
    await winner.click();
    for (const part of ['+80.4', 'Lines added: ', '1.24 times', 'search', '+    ', 'g++'])
      expect(await details.textContent()).toContain(part);
    await other.hover();
    await expect.poll(() => details.textContent()).toContain('g1c2');
    const faded = await tab.painted();
    await page.getByRole('heading', { level: 1 }).hover();
    await expect.poll(() => details.textContent()).toContain('g1c1, winner');
    expect((await tab.painted()).picture).not.toBe(faded.picture);

    // The same from the chart: the pointer is nearest to some curve, a click chooses it.
    const canvas = await page.locator('#chart').boundingBox();
    await page.mouse.move(canvas!.x + canvas!.width / 2, canvas!.y + canvas!.height - 60);
    await expect.poll(() => details.locator('.title').textContent()).toBe('reference');
    await page.mouse.down();
    await page.mouse.up();
    await page.getByRole('heading', { level: 1 }).hover();
    expect(await details.locator('.title').textContent()).toBe('reference');
    expect(await details.getByRole('button').allTextContents()).toEqual([strings.openReport]);
    await tab.close();
  });

  it('asks the host for what its buttons say', async () => {
    const tab = await open();
    const { page } = tab;
    await page.getByRole('button', { name: /^g1c1, winner/ }).click();
    for (const name of [strings.review, strings.openDiff, strings.copyChange, strings.openReport]) {
      await page.getByRole('button', { name, exact: true }).click();
    }
    const sent = (await tab.sent()).slice(1);
    const [copy] = sent.filter(({ type }) => type === 'copy');
    expect(sent.map(({ type }) => type)).toEqual(['review', 'openDiff', 'copy', 'openReport']);
    expect(copy).toEqual({ type: 'copy', text: expect.stringContaining('@@') });
    for (const message of sent) expect(receiveInHost(message)).toEqual({ ok: true, message });
    await tab.post({ type: 'copied' });
    expect(await page.locator('.status').textContent()).toBe(strings.copied);
    await tab.close();
  });

  it('overlays runs, and filters by dataset, module and kind', async () => {
    const tab = await open();
    const { page } = tab;
    const names = async (): Promise<string[]> =>
      (await tab.table(await page.getByRole('table').first().locator('caption').innerText()))
        .slice(1)
        .map(([name]) => name!);
    const before = await names();
    await page.getByRole('checkbox', { name: /^construction, search and refinement/ }).check();
    const both = await names();
    expect(both.length).toBeGreaterThan(before.length);
    expect(both.every((name) => name.includes('2026-01-31'))).toBe(true);
    await page.locator('input[value="fruitless"]').check();
    const three = await names();
    await page.getByRole('checkbox', { name: 'Rejected (1)' }).check();
    expect(await names()).toHaveLength(three.length + 1);
    await page.getByRole('checkbox', { name: /^Candidates/ }).uncheck();
    await page.getByRole('combobox', { name: strings.module }).selectOption('construction');
    expect(
      (await names()).filter((name) => /^g/.test(name)).every((name) => /construction|g1c/.test(name)),
    ).toBe(true);
    await page.getByRole('combobox', { name: strings.dataset }).selectOption('wink-100-angular');
    expect((await names()).length).toBeGreaterThan(1);
    expect(await page.locator('figcaption').textContent()).toContain('0.85 to 0.95');

    // Nothing left: it says so, and how to get out.
    await page.locator('input[value="three-modules"]').uncheck();
    expect(await page.getByRole('heading', { level: 3 }).textContent()).toBe(strings.nothingHeading);
    expect(await page.getByRole('button', { name: strings.exportCsv }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: strings.showAll }).click();
    expect((await names()).length).toBeGreaterThan(1);
    expect((await tab.painted()).pixels).toBeGreaterThan(2000);
    await tab.close();
  });

  it('exports what it shows as CSV, SVG and PNG', async () => {
    const tab = await open();
    const { page } = tab;
    await page.getByRole('button', { name: strings.exportCsv }).click();
    const csv = await tab.last('export');
    expect(csv).toMatchObject({ format: 'csv', dataset: mnist });
    const [, ...points] = await tab.table(`Measured points on ${mnist}`);
    const [, ...intervals] = await tab.table(`QPS at equal recall with 95 % intervals on ${mnist}`);
    const lines = csv.contents.trimEnd().split('\r\n').slice(1);
    expect(lines.filter((line) => line.startsWith('point,'))).toHaveLength(points.length);
    expect(lines.filter((line) => line.startsWith('interval,'))).toHaveLength(intervals.length);

    await page.getByRole('button', { name: strings.exportSvg }).click();
    await page.waitForFunction(`sent.some(({ format }) => format === 'svg')`);
    const svg = await tab.last('export');
    const drawn = await page.evaluate<Record<string, number | string>>(`(() => {
      const drawing = new DOMParser().parseFromString(${JSON.stringify(svg.contents)}, 'image/svg+xml');
      const count = (selector) => drawing.querySelectorAll(selector).length;
      return {
        errors: count('parsererror'), scripts: count('script, foreignObject, image, style'),
        curves: count('g[clip-path] > g'), title: drawing.querySelector('title').textContent,
        texts: [...drawing.querySelectorAll('text')].map((text) => text.textContent).join('|'),
      };
    })()`);
    expect(drawn).toMatchObject({ errors: 0, scripts: 0, title: `${strings.heading}: ${mnist}` });
    const [, ...curves] = await tab.table(`Curves on ${mnist}`);
    expect(drawn['curves']).toBe(curves.length);
    for (const part of [
      'Recall',
      'QPS (logarithmic)',
      'g1c1, winner of search, winner, +80.4',
      '2,000',
      '0.95',
    ])
      expect(drawn['texts']).toContain(part);

    await page.getByRole('button', { name: strings.exportPng }).click();
    await page.waitForFunction(`sent.some(({ format }) => format === 'png')`);
    const bytes = Buffer.from(exportBytes('png', (await tab.last('export')).contents));
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)].every((side) => side > 1000)).toBe(true);
    const colours = await page.evaluate<number>(`(async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${bytes.toString('base64')}';
      await image.decode();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.width, image.height];
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let i = 0; i < data.length; i += 4) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
      return colours.size;
    })()`);
    expect(colours).toBeGreaterThan(20);
    for (const message of await tab.sent()) expect(receiveInHost(message).ok).toBe(true);
    await tab.post({ type: 'saved', file: 'curves.png' });
    expect(await page.locator('.status').textContent()).toBe('Saved: curves.png');
    expect(await tab.violations()).toEqual([]);
    await tab.close();
  });

  it('comes back as it was after a reload', async () => {
    const first = await open({ width: 600 });
    await first.page.locator('input[value="fruitless"]').check();
    await first.page.getByRole('checkbox', { name: /^Rejected/ }).check();
    await first.page.getByRole('button', { name: /^g1c2/ }).click();
    await first.page.getByRole('checkbox', { name: 'Show reference' }).first().uncheck();
    await first.page.evaluate('scrollTo(0, 300)');
    await expect.poll(() => first.kept()).toMatchObject({ scroll: 300 });
    const [state, picture] = [await first.kept(), (await first.painted()).picture];
    expect(state).toMatchObject({ root: '/home/ada/hnsw', hidden: [expect.stringContaining('reference')] });
    await first.page.getByRole('heading', { level: 1 }).hover();
    const chosen = await first.page.locator('.details .title').textContent();
    await first.close();

    const second = await open({ width: 600, state });
    expect(await second.page.getByRole('checkbox', { name: 'Show reference' }).first().isChecked()).toBe(
      false,
    );
    expect(await second.page.getByRole('checkbox', { name: /^Rejected/ }).isChecked()).toBe(true);
    expect(await second.page.locator('.details .title').textContent()).toBe(chosen);
    await expect.poll(() => second.page.evaluate('scrollY')).toBe(300);
    expect((await second.painted()).picture.length).toBeGreaterThan(picture.length / 2);
    await second.close();

    // Of another folder, or of another version: a fresh start.
    for (const other of [{ ...(state as object), root: '/elsewhere' }, { version: 9 }]) {
      const tab = await open({ state: other });
      expect(await tab.page.getByRole('checkbox', { name: 'Show reference' }).isChecked()).toBe(true);
      await tab.close();
    }
  });

  it('shows what a command was invoked on, before the data have come or after', async () => {
    const tab = await CurvesTab.open(browser);
    await tab.post(init());
    await tab.post({ type: 'select', target: { run: 'three-modules', candidate: 'g2c1' } });
    await tab.post({ type: 'data', trusted: true, data });
    const title = tab.page.locator('.details .title');
    expect(await title.textContent()).toContain('g2c1');
    await tab.post({ type: 'select', target: { run: 'one-module', candidate: 'best' } });
    expect(await title.textContent()).toBe('best, search');
    const runs = tab.page.getByRole('group', { name: strings.runs }).getByRole('checkbox', { checked: true });
    expect(await runs.count()).toBe(1);
    await tab.close();
  });

  it('keeps the focus and the choice when new data come', async () => {
    const tab = await open();
    await tab.page.getByRole('button', { name: /^g1c2/ }).click();
    const renamed = data.series.map((series) => ({ ...series, name: `${series.name}!` }));
    await tab.post({ type: 'data', trusted: true, data: { ...data, series: renamed } });
    expect(await tab.page.evaluate('document.activeElement.textContent')).toContain('g1c2!');
    expect(await tab.page.locator('.details .title').textContent()).toBe('g1c2!');
    await tab.close();
  });

  it.each([
    ['vscode-light', 'vscode-dark'],
    ['vscode-dark', 'vscode-high-contrast'],
  ] as const satisfies [ThemeName, ThemeName][])(
    'takes on the colours when %s becomes %s',
    async (from, to) => {
      const [tab, fresh] = [await open({ theme: from }), await open({ theme: to })];
      const picture = async (of: CurvesTab): Promise<string> => (await of.painted()).picture;
      expect(await picture(tab)).not.toBe(await picture(fresh));
      await tab.theme(to);
      const same = async (): Promise<boolean> => (await picture(tab)) === (await picture(fresh));
      await expect.poll(same).toBe(true);
      await tab.close();
      await fresh.close();
    },
  );

  it('says what to do where there are no curves, or they cannot be read', async () => {
    const tab = await CurvesTab.open(browser, { data: { runs: [], series: [] } });
    const { page } = tab;
    expect(await page.getByRole('main').ariaSnapshot()).toMatchInlineSnapshot(`
      "- main:
        - heading "QPS-recall curves hnsw" [level=1]
        - region "No curves yet":
          - heading "No curves yet" [level=2]
          - paragraph: A run measures your code and every candidate; a benchmark measures your code alone. Both appear here.
          - button "Optimize Module…"
          - button "Benchmark Workspace"
        - status
        - status"
    `);
    await page.getByRole('button', { name: strings.optimize }).click();
    expect(await tab.last('do')).toEqual({ type: 'do', action: 'optimize' });
    await tab.post({ type: 'data', trusted: false, data: { runs: [], series: [] } });
    await page.getByRole('button', { name: strings.trust }).click();
    expect(await tab.last('do')).toEqual({ type: 'do', action: 'trust' });

    await tab.post({ type: 'error', message: 'The ledger cannot be read.', fix: 'Close the other program.' });
    const alert = page.getByRole('alert');
    expect(await alert.ariaSnapshot()).toMatchInlineSnapshot(`
      "- alert:
        - heading "The curves could not be read" [level=2]
        - paragraph: The ledger cannot be read.
        - paragraph: Close the other program.
        - button "Try Again"
        - button "Show Log""
    `);
    await alert.getByRole('button', { name: strings.retry }).click();
    expect(await tab.last('do')).toEqual({ type: 'do', action: 'retry' });
    // What was there before stays, and a good answer takes the notice away.
    await tab.post({ type: 'data', trusted: true, data });
    expect(await alert.count()).toBe(0);
    await tab.post({ type: 'error', message: 'The server has stopped.', fix: null });
    expect(await alert.textContent()).toContain(strings.errorOlder);
    expect(await page.getByRole('table').count()).toBe(3);
    await tab.close();
  });

  it('takes hostile names for text', async () => {
    const hostile = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'&\u202e`;
    const series = data.series
      .filter(({ run, dataset }) => run === 'one-module' && dataset === mnist)
      .map((one) => ({
        ...one,
        name: `${hostile}${one.id}`,
        dataset: hostile,
        change: one.change && { ...one.change, text: `+${hostile}` },
      }));
    const runs = data.runs.map((run) => ({ ...run, title: hostile, machine: hostile, compiler: hostile }));
    const tab = await open({ data: { runs, series } });
    const { page } = tab;
    await page.getByRole('button', { name: /g1c1/ }).first().click();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.details .title').textContent()).toContain(hostile);
    for (const name of [strings.exportSvg, strings.exportPng]) {
      await page.getByRole('button', { name }).click();
    }
    await page.waitForFunction(`sent.some(({ format }) => format === 'png')`);
    const files = (await tab.sent()).filter((message) => message.type === 'export');
    expect(files.find(({ format }) => format === 'svg')?.contents).toContain('&lt;script&gt;');
    expect(files.find(({ format }) => format === 'svg')?.contents).not.toMatch(/<script|<img/);
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await tab.violations()).toEqual([]);
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('refuses what is no message, and says so to the host', async () => {
    const tab = await open();
    const before = (await tab.painted()).picture;
    const malformed = [
      { type: 'data', trusted: true, data: { runs: [], series: [{ id: 1 }] } },
      { type: 'data' },
      { type: 'eval', code: 'window.hacked = 1' },
      { ...init(), protocol: 99 },
    ];
    for (const message of malformed) await tab.post(message);
    const problems = (await tab.sent()).filter(({ type }) => type === 'problem');
    expect(problems).toHaveLength(malformed.length);
    expect(problems[0]).toMatchObject({ text: expect.stringContaining('data.series.0.id') });
    expect((await tab.painted()).picture).toBe(before);
    expect(await tab.page.evaluate('window.hacked')).toBeUndefined();
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  it('is held by its policy', async () => {
    const tab = await open();
    await tab.page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.hacked = 1';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'https://example.com/x';
      document.body.append(image);
      fetch('https://example.com/y').catch(() => {});
    }`);
    await expect
      .poll(async () => (await tab.violations()).sort())
      .toEqual(['connect-src', 'img-src', 'script-src-elem']);
    expect(await tab.page.evaluate('window.hacked')).toBeUndefined();
    await tab.close();
  });
});

/** The ledgers of the samples begin at the same time; the run with one module counts as the newer. */
function newestFirst({ runs, series }: CurvesData): CurvesData {
  return {
    runs: [...runs].sort((a, b) => (a.id === 'one-module' ? -1 : b.id === 'one-module' ? 1 : 0)),
    series,
  };
}
