/**
 * The whole story in a real VS Code in Chromium, with the packed extension, the real engine and the real compiler: from
 * an opened folder to an accepted gain; then runs that are cut off. Steps build on each other. Pictures of each go to
 * the folder that is printed at the end.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packForPlatform, pictures, StoryWindow } from './storyWindow.ts';
import type { Workbench } from './workbench.ts';

const dataset = 'mnist-784-euclidean';
/** Small enough for a run of seconds. */
const smallDataset = 'synthetic-clusters:n=4000,d=32,seed=1';
const minutes = 60_000;
/**
 * Runs build and time, and wait for a machine that other runs are timed on: how long that takes is no test, only whether
 * it ends.
 */
const longWait = 20 * minutes;
/** Of a step with such waits. */
const longStep = 30 * minutes;

/** A row of a run on it that came to its end. */
const ended = /^done: Search · synthetic|^Search · synthetic.* no gain confirmed/;

let window: StoryWindow;
let workbench: Workbench;

/** The text of the module as it stands on disk. */
const onDisk = (): string => readFileSync(join(window.workspace, 'include/hnsw/search.h'), 'utf8');

/** How many hunks are pending, as the lens at the top of the file says; moves the cursor there. */
async function pendingHunks(): Promise<number> {
  await workbench.page.keyboard.press('Control+Home');
  const lens = workbench.codeLens(/Accept all/);
  await lens.first().waitFor();
  return Number(/Accept all (\d+)/.exec(await lens.first().innerText())?.[1]);
}

/** How often the ledger says so of a hunk. */
function signals(signal: 'accepted' | 'rejected' | 'undone'): number {
  const ledger = readFileSync(join(window.workspace, '.annsmith', 'ledger.jsonl'), 'utf8');
  return ledger.split(`"signal":"${signal}"`).length - 1;
}

/** Files that have an accepted hunk, as the ledger says. */
function acceptedFiles(): string[] {
  const ledger = readFileSync(join(window.workspace, '.annsmith', 'ledger.jsonl'), 'utf8');
  const records = ledger.split('\n').filter((line) => line.includes('"signal":"accepted"'));
  return [...new Set(records.map((line) => (JSON.parse(line) as { file: string }).file))];
}

/** True when a file of the workspace is no longer the example's. */
function isChanged(file: string): boolean {
  const original = join(import.meta.dirname, '..', '..', 'examples', 'hnsw', file);
  return readFileSync(join(window.workspace, file), 'utf8') !== readFileSync(original, 'utf8');
}

/** Goes to the next hunk and decides about it, with the keyboard; the ledger tells when that is done. */
async function decideNext(key: string, signal: 'accepted' | 'rejected'): Promise<void> {
  const { keyboard } = workbench.page;
  const before = signals(signal);
  await keyboard.press('Alt+F5');
  await workbench.statusItem(/^Ln (?!1,)/).waitFor();
  const isDone = async (): Promise<boolean> => {
    // The key does nothing until the editor knows that the cursor is on a hunk.
    await keyboard.press(key);
    return expect
      .poll(() => signals(signal), { timeout: 15_000 })
      .toBeGreaterThan(before)
      .then(
        () => true,
        () => false,
      );
  };
  while (!(await isDone()));
  expect(signals(signal)).toBe(before + 1);
}

/** Opens the confirmed winner from its row. */
async function reviewWinner(): Promise<void> {
  const row = workbench.row('Candidates', /^confirmed winner: /);
  await row.hover();
  await row.getByRole('button', { name: 'Review in Editor' }).click();
  await workbench
    .codeLens(/^Accept \(/)
    .first()
    .waitFor({ state: 'attached' });
  await workbench.focusEditor();
}

/** Rewards of the rows of candidates, from top to bottom. */
async function shownGains(): Promise<number[]> {
  const rows = await workbench.row('Candidates', /accepted: |winner: /).allInnerTexts();
  return rows.flatMap((text) => {
    const gain = /([+-]\d+\.\d) % \(/.exec(text)?.[1];
    return gain === undefined ? [] : [Number(gain)];
  });
}

describe('the story', { concurrent: false }, () => {
  beforeAll(async () => {
    window = await StoryWindow.open(packForPlatform(), {
      'annsmith.groupSize': 5,
      'annsmith.budgetMinutes': 1,
      'annsmith.benchmarkOnSave': true,
      'annsmith.benchmarkSeconds': 10,
      // The list of comments would take half the window.
      'comments.openView': 'never',
    });
    workbench = window.workbench;
  });
  let failed: string | undefined;
  beforeEach(({ skip }) => skip(failed !== undefined, `after "${failed}" has failed`));
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    failed = task.name;
    await window.picture('failed');
    process.stderr.write(`${await window.said()}\n`);
  });
  afterAll(async () => {
    await window?.close();
    process.stderr.write(`pictures of the story: ${pictures}\n`);
  });

  it('a folder with a manifest shows its modules and a CodeLens above every region', async () => {
    await workbench.showContainer('Annsmith');
    for (const name of [/^Construction/, /^Search/, /^Refinement/])
      await workbench.row('Modules', name).waitFor();
    await workbench.openFile('search.h');
    await workbench.codeLens('Optimize search').first().waitFor();
    expect(await workbench.view('Candidates').innerText()).toContain('No runs yet');
    await window.picture('1-codelens');
  });

  it(
    '"Optimize search" asks for dataset, policy and budget, and shows how far it is',
    async () => {
      await workbench.clickOptimize();
      await workbench.quickRow(dataset).first().waitFor();
      await window.picture('2-quick-pick');
      await workbench.page.keyboard.press('Escape');
      await workbench.optimize('search.h', dataset);
      await workbench.openRow('Candidates', /^Search · mnist.* running/).waitFor({ timeout: longWait });
      await workbench.row('Candidates', /round 1/).waitFor({ timeout: longWait });
      await workbench.statusItem(/search .*%/).waitFor({ timeout: longWait });
      await window.picture('3-progress');
    },
    longStep,
  );

  it(
    'candidates appear ranked, with verdict and gain, and the best is confirmed',
    async () => {
      await workbench.row('Candidates', /^done: Search · mnist/).waitFor({ timeout: longWait });
      await workbench.row('Candidates', /^confirmed winner: /).waitFor();
      const gains = await shownGains();
      expect(gains.length).toBeGreaterThan(0);
      expect(gains).toEqual(gains.toSorted((a, b) => b - a));
      await workbench
        .notification(/search: \d\.\d\dx/)
        .first()
        .waitFor();
      await window.picture('4-candidates');
    },
    longStep,
  );

  it('the curves are drawn, with a table that says the same', async () => {
    await workbench
      .notification(/search: \d\.\d\dx/)
      .getByRole('button', { name: 'Show Curves' })
      .click();
    const page = await workbench.webview('#app canvas');
    await expect
      .poll(
        () =>
          page.evaluate<number>(`(() => {
            const canvas = document.querySelector('#app canvas');
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return data.filter((value, i) => i % 4 === 3 && value > 0).length;
          })()`),
        { timeout: minutes },
      )
      .toBeGreaterThan(2000);
    expect(await page.locator('table').count()).toBeGreaterThan(0);
    expect(await page.locator('table tr').count()).toBeGreaterThan(4);
    await window.picture('5-curves');
    await workbench.closeEditor(/^Curves/);
  });

  it('the best candidate is shown as pending hunks, without touching the text', async () => {
    const before = onDisk();
    await workbench.openFile('search.h');
    await reviewWinner();
    expect(await pendingHunks()).toBeGreaterThan(1);
    expect(onDisk()).toBe(before);
    await window.picture('6-review');
  });

  it('one hunk is accepted with the keyboard, another rejected, and undo takes the first back', async () => {
    const { keyboard } = workbench.page;
    const all = await pendingHunks();
    await decideNext('Control+Alt+Enter', 'accepted');
    await expect.poll(pendingHunks).toBe(all - 1);
    expect(await workbench.isDirty('search.h')).toBe(true);
    await decideNext('Control+Alt+Backspace', 'rejected');
    await expect.poll(pendingHunks).toBe(all - 2);
    await window.picture('7-accepted-and-rejected');
    await keyboard.press('Control+z');
    await expect.poll(() => workbench.isDirty('search.h')).toBe(false);
    await expect.poll(pendingHunks).toBe(all - 1);
    await expect.poll(() => signals('undone')).toBe(1);
    await window.picture('8-undone');
  });

  it('looked at again, the rejected hunk is back, and all are accepted and saved', async () => {
    await reviewWinner();
    await workbench.page.keyboard.press('Control+Alt+Shift+Enter');
    await workbench
      .codeLens(/^Accept \(/)
      .first()
      .waitFor({ state: 'detached' });
    // A file that was not open becomes an editor with unsaved text a moment later.
    await expect
      .poll(async () => {
        await workbench.command('File: Save All Files');
        return acceptedFiles().filter((file) => !isChanged(file));
      })
      .toEqual([]);
    await window.picture('9-accepted');
  });

  it(
    'the new reference is benchmarked in the background, and the views show the gain',
    async () => {
      await workbench.command('Problems: Focus on Problems View');
      await workbench.page
        .getByRole('treeitem', {
          name: /search: (?:faster|slower|no measurable change), [+-]\d+ % \(95 % interval/,
        })
        .first()
        .waitFor({ timeout: longWait });
      await workbench.row('Modules', /^Search [\d,]+ QPS at recall 0\.95(?!.*stale)/).waitFor();
      await window.picture('10-gain');
    },
    longStep,
  );

  it(
    'a run whose server is killed says so, and resuming finishes it',
    async () => {
      await workbench.optimize('search.h', smallDataset);
      await workbench.openRow('Candidates', /^Search · synthetic.* running/).waitFor({ timeout: longWait });
      await workbench
        .row('Candidates', /pending: /)
        .first()
        .waitFor({ timeout: longWait });
      const [server] = window.processes('server.mjs');
      process.kill(server!.pid, 'SIGKILL');
      await workbench.notification(/was interrupted/).waitFor();
      await workbench.row('Candidates', /^Search · synthetic.* cut off/).waitFor();
      await window.picture('11-killed');
      await workbench
        .notification(/was interrupted/)
        .getByRole('button', { name: 'Resume' })
        .click();
      await workbench.row('Candidates', ended).waitFor({ timeout: longWait });
      await window.picture('12-resumed');
    },
    longStep,
  );

  it(
    'a run in a window that is reloaded goes on, or is resumed, to its end',
    async () => {
      await workbench.command('Notifications: Clear All Notifications');
      await workbench.optimize('search.h', smallDataset);
      await workbench.openRow('Candidates', /^Search · synthetic.* running/).waitFor({ timeout: longWait });
      await workbench
        .row('Candidates', /pending: /)
        .first()
        .waitFor({ timeout: longWait });
      await workbench.page.reload();
      const resume = workbench.notification(/was interrupted/).getByRole('button', { name: 'Resume' });
      await resume.waitFor({ timeout: longWait });
      await window.picture('13-reloaded');
      await resume.click();
      await expect
        .poll(() => workbench.row('Candidates', ended).count(), {
          timeout: longWait,
        })
        .toBe(2);
    },
    longStep,
  );
});
