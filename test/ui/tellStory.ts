/**
 * The story in a real VS Code in Chromium, with the packed extension, the real engine and the real compiler: from an opened
 * folder to an accepted change. Steps build on each other. Pictures of each go to the folder that is printed at the end.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packForPlatform, pictures, StoryWindow } from './storyWindow.ts';
import type { Workbench } from './workbench.ts';

const dataset = 'mnist-784-euclidean';
const minutes = 60_000;
/**
 * Runs build and time, and wait for a machine that other runs are timed on: how long that takes is no test, only whether
 * it ends.
 */
export const longWait = 20 * minutes;
/** Of a step with such waits. */
export const longStep = 30 * minutes;

/** The text of the module as it stands on disk. */
const onDisk = ({ workspace }: StoryWindow): string =>
  readFileSync(join(workspace, 'include/hnsw/search.h'), 'utf8');

/** How many hunks are pending, as the lens at the top of the file says; moves the cursor there. */
async function pendingHunks({ workbench }: StoryWindow): Promise<number> {
  await workbench.page.keyboard.press('Control+Home');
  const lens = workbench.codeLens(/Accept all/);
  await lens.first().waitFor();
  return Number(/Accept all (\d+)/.exec(await lens.first().innerText())?.[1]);
}

/** How often the ledger says so of a hunk. */
function signals({ workspace }: StoryWindow, signal: 'accepted' | 'rejected' | 'undone'): number {
  const ledger = readFileSync(join(workspace, '.annsmith', 'ledger.jsonl'), 'utf8');
  return ledger.split(`"signal":"${signal}"`).length - 1;
}

/** Files that have an accepted hunk, as the ledger says. */
function acceptedFiles({ workspace }: StoryWindow): string[] {
  const ledger = readFileSync(join(workspace, '.annsmith', 'ledger.jsonl'), 'utf8');
  const records = ledger.split('\n').filter((line) => line.includes('"signal":"accepted"'));
  return [...new Set(records.map((line) => (JSON.parse(line) as { file: string }).file))];
}

/** True when a file of the workspace is no longer the example's. */
function isChanged({ workspace }: StoryWindow, file: string): boolean {
  const original = join(import.meta.dirname, '..', '..', 'examples', 'hnsw', file);
  return readFileSync(join(workspace, file), 'utf8') !== readFileSync(original, 'utf8');
}

/** Goes to the next hunk and decides about it, with the keyboard; the ledger tells when that is done. */
async function decideNext(window: StoryWindow, key: string, signal: 'accepted' | 'rejected'): Promise<void> {
  const { workbench } = window;
  const { keyboard } = workbench.page;
  const before = signals(window, signal);
  await keyboard.press('Alt+F5');
  await workbench.statusItem(/^Ln (?!1,)/).waitFor();
  const isDone = async (): Promise<boolean> => {
    // The key does nothing until the editor knows that the cursor is on a hunk.
    await keyboard.press(key);
    return expect
      .poll(() => signals(window, signal), { timeout: 15_000 })
      .toBeGreaterThan(before)
      .then(
        () => true,
        () => false,
      );
  };
  while (!(await isDone()));
  expect(signals(window, signal)).toBe(before + 1);
}

/** Opens the confirmed winner from its row. */
async function reviewWinner({ workbench }: StoryWindow): Promise<void> {
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
async function shownGains({ workbench }: StoryWindow): Promise<number[]> {
  const rows = await workbench.row('Candidates', /accepted: |winner: /).allInnerTexts();
  return rows.flatMap((text) => {
    const gain = /([+-]\d+\.\d) % \(/.exec(text)?.[1];
    return gain === undefined ? [] : [Number(gain)];
  });
}

/** What is different from one telling to another. */
export interface Plot {
  /** As the quick pick shows it. */
  readonly policy: string;
  /** Before the names of its pictures. */
  readonly pictures: string;
  /** Started before the window opens; its settings come on top. */
  readonly begin?: () => Promise<{
    readonly settings: Readonly<Record<string, unknown>>;
    end(): Promise<void>;
  }>;
  /** What is asked once a run is started. */
  readonly answer?: (window: StoryWindow) => Promise<void>;
}

/** Tells the story up to the accepted change; `more` adds steps that go on in the same window. */
export function tellStory(title: string, plot: Plot, more?: (window: () => StoryWindow) => void): void {
  describe(title, { concurrent: false }, () => {
    let window: StoryWindow;
    let workbench: Workbench;
    let stage: Awaited<ReturnType<NonNullable<Plot['begin']>>> | undefined;
    beforeAll(async () => {
      stage = await plot.begin?.();
      window = await StoryWindow.open(packForPlatform(), {
        'annsmith.groupSize': 5,
        'annsmith.budgetMinutes': 1,
        // The list of comments would take half the window.
        'comments.openView': 'never',
        ...stage?.settings,
      });
      workbench = window.workbench;
    });
    let failed: string | undefined;
    beforeEach(({ skip }) => skip(failed !== undefined, `after "${failed}" has failed`));
    afterEach(async ({ task }) => {
      if (task.result?.state !== 'fail') return;
      failed = task.name;
      await window.picture(`${plot.pictures}failed`);
      process.stderr.write(`${await window.said()}\n`);
    });
    afterAll(async () => {
      await window?.close();
      await stage?.end();
      process.stderr.write(`pictures of the story: ${pictures}\n`);
    });

    it('a folder with a manifest shows its modules and a CodeLens above every region', async () => {
      await workbench.showContainer('Annsmith');
      for (const name of [/^Construction/, /^Search/, /^Refinement/])
        await workbench.row('Modules', name).waitFor();
      await workbench.openFile('search.h');
      await workbench.codeLens('Optimize search').first().waitFor();
      expect(await workbench.view('Candidates').innerText()).toContain('No runs yet');
      await window.picture(`${plot.pictures}1-codelens`);
    });

    it(
      '"Optimize search" asks for dataset, policy and budget, and shows how far it is',
      async () => {
        await workbench.clickOptimize();
        await workbench.quickRow(dataset).first().waitFor();
        await window.picture(`${plot.pictures}2-quick-pick`);
        await workbench.page.keyboard.press('Escape');
        await workbench.optimize('search.h', dataset, plot.policy);
        await plot.answer?.(window);
        await workbench.openRow('Candidates', /^Search · mnist.* running/).waitFor({ timeout: longWait });
        await workbench.row('Candidates', /round 1/).waitFor({ timeout: longWait });
        await workbench.statusItem(/search .*%/).waitFor({ timeout: longWait });
        await window.picture(`${plot.pictures}3-progress`);
      },
      longStep,
    );

    it(
      'candidates appear ranked, with verdict and gain, and the best is confirmed',
      async () => {
        await workbench.row('Candidates', /^done: Search · mnist/).waitFor({ timeout: longWait });
        await workbench.row('Candidates', /^confirmed winner: /).waitFor();
        const gains = await shownGains(window);
        expect(gains.length).toBeGreaterThan(0);
        expect(gains).toEqual(gains.toSorted((a, b) => b - a));
        await workbench
          .notification(/search: \d\.\d\dx/)
          .first()
          .waitFor();
        await window.picture(`${plot.pictures}4-candidates`);
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
      await window.picture(`${plot.pictures}5-curves`);
      await workbench.closeEditor(/^Curves/);
    });

    it('the best candidate is shown as pending hunks, without touching the text', async () => {
      const before = onDisk(window);
      await workbench.openFile('search.h');
      await reviewWinner(window);
      expect(await pendingHunks(window)).toBeGreaterThan(1);
      expect(onDisk(window)).toBe(before);
      await window.picture(`${plot.pictures}6-review`);
    });

    it('one hunk is accepted with the keyboard, another rejected, and undo takes the first back', async () => {
      const { keyboard } = workbench.page;
      const all = await pendingHunks(window);
      await decideNext(window, 'Control+Alt+Enter', 'accepted');
      await expect.poll(() => pendingHunks(window)).toBe(all - 1);
      expect(await workbench.isDirty('search.h')).toBe(true);
      await decideNext(window, 'Control+Alt+Backspace', 'rejected');
      await expect.poll(() => pendingHunks(window)).toBe(all - 2);
      await window.picture(`${plot.pictures}7-accepted-and-rejected`);
      await keyboard.press('Control+z');
      await expect.poll(() => workbench.isDirty('search.h')).toBe(false);
      await expect.poll(() => pendingHunks(window)).toBe(all - 1);
      await expect.poll(() => signals(window, 'undone')).toBe(1);
      await window.picture(`${plot.pictures}8-undone`);
    });

    it('looked at again, the rejected hunk is back, and all are accepted and saved', async () => {
      await reviewWinner(window);
      await workbench.page.keyboard.press('Control+Alt+Shift+Enter');
      await workbench
        .codeLens(/^Accept \(/)
        .first()
        .waitFor({ state: 'detached' });
      // A file that was not open becomes an editor with unsaved text a moment later.
      await expect
        .poll(async () => {
          await workbench.command('File: Save All Files');
          return acceptedFiles(window).filter((file) => !isChanged(window, file));
        })
        .toEqual([]);
      await window.picture(`${plot.pictures}9-accepted`);
    });

    more?.(() => window);
  });
}
