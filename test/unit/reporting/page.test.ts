import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { reportPage } from '../../../src/engine/reporting/page.ts';
import { claimOf, type RunStory, runStory } from '../../../src/engine/reporting/runStory.ts';
import type { ReportCurves, ReportData } from '../../../src/protocol/report.ts';
import {
  fruitlessRun,
  mnist,
  oneModuleRun,
  patchOf,
  SampleRun,
  threeModuleRun,
  unfinishedRun,
  words,
} from './sampleLedger.ts';
import { estimate, sampleComparison, sampleFinal } from './sampleMeasurements.ts';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'annsmith-report-'));
});
afterEach(() => rm(workspace, { recursive: true }));

const assets = { script: 'void "script of the page";', style: 'body { margin: 0 }' };

async function storyOf(runId: string): Promise<RunStory> {
  const { records, problems } = await readLedger(ledgerPath(workspace));
  expect(problems).toEqual([]);
  const story = runStory(records, runId);
  if (story === undefined) throw new Error(`no run ${runId}`);
  return story;
}

function pageOf(story: RunStory, notes: readonly string[] = []): string {
  return reportPage({ story, notes, assets, version: '1.2.3', writtenAt: '2026-02-01T08:00:00.000Z' });
}

/** The text of a page as a reader sees it, spaces made one. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;|\u00a0/g, ' ')
    .replace(/\s+/g, ' ');
}

function dataOf(page: string): ReportData {
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1];
  return JSON.parse(json ?? '') as ReportData;
}

describe('the page of one module', () => {
  it('says what was gained, how sure that is and what it costs', async () => {
    await oneModuleRun(workspace);
    const story = await storyOf('one-module');
    const text = textOf(pageOf(story));
    expect(text).toContain('+80.4 % more queries per second at equal recall, on mnist-784-euclidean');
    expect(text).toContain('95 % interval +78.2 % to +82.6 %');
    expect(text).toContain('Search against the code as saved');
    expect(text).toContain('Latency, p99 0.55\u00d7 0.587 ms \u2192 0.325 ms');
    expect(text).toContain('QPS of 4 threads');
    expect(text).toContain('Memory of the index 1.24\u00d7 194 MiB \u2192 240 MiB');
    expect(text).toContain(
      'annsmith optimize --module search --dataset mnist-784-euclidean --policy playbook',
    );
    expect(text).toContain('g++ (Debian 12.2.0-14) 12.2.0');
  });

  it('takes its speed-ups from the ledger', async () => {
    await oneModuleRun(workspace);
    const page = pageOf(await storyOf('one-module'));
    const { speedupAt } = sampleComparison({ gain: 0.59, half: 0.012 });
    const chart = dataOf(page).charts.find(({ kind }) => kind === 'speedup');
    expect(chart).toMatchObject({ ratios: speedupAt.map(({ recall, ratio }) => ({ recall, ...ratio })) });
    for (const { ratio } of speedupAt) expect(textOf(page)).toContain(`${ratio.value.toFixed(2)}\u00d7`);
  });

  it('names for every candidate what was decided and why', async () => {
    await oneModuleRun(workspace);
    const text = textOf(pageOf(await storyOf('one-module')));
    expect(text).toContain('g1c1 confirmed, winner +82.2 %');
    expect(text).toContain('rejected: wrong-answers (answers-valid)');
    expect(text).toContain('query 17: id 60000 is out of range');
    expect(text).toContain('the harness failed during screen');
    expect(text).toMatch(/paired \+78.6 % \(.*?\); resident \+82.2 %/);
    expect(text).toContain('descent-prefetch The upper layers are read once per query. +0.1 %');
    expect(text).toContain('dropped: carries no measurable gain');
    expect(text).toContain('not offered: hnswlib-pool: the code has another shape');
  });

  it('has a table beside every chart, under the name that the chart points to', async () => {
    await threeModuleRun(workspace);
    const page = pageOf(await storyOf('three-modules'));
    const { charts } = dataOf(page);
    const canvases = [
      ...page.matchAll(/<canvas id="([^"]+)" role="img" aria-label="[^"]+" aria-describedby="([^"]+)">/g),
    ];
    expect(canvases.map(([, id]) => id)).toEqual(charts.map(({ id }) => id));
    expect(new Set(charts.map(({ id }) => id)).size).toBe(charts.length);
    for (const [, , table] of canvases) {
      expect(page).toMatch(new RegExp(`<div id="${table}"><div class="scroll"[^>]*><table>`));
    }
  });

  it('allows its own two inline blocks and nothing else', async () => {
    await oneModuleRun(workspace);
    const page = pageOf(await storyOf('one-module'));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/
      .exec(page)?.[1]
      ?.replace(/&#39;/g, "'");
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const script = /<script>(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';
    expect(script).toBe(assets.script);
    expect(policy).toBe(
      `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/\s(?:src|style|on\w+)=/);
    expect(page.match(/\shref="(?!#)[^"]*"/g)).toBeNull();
  });
});

describe('the page of three modules', () => {
  it('shows the total, each module over the one before, every dataset and the held-out one', async () => {
    await threeModuleRun(workspace);
    const story = await storyOf('three-modules');
    expect(story.modules.map(({ winner }) => winner?.id)).toEqual(['g1c1', 'g2c1', undefined]);
    const text = textOf(pageOf(story));
    expect(text).toContain('+85.9 % more queries per second at equal recall, the geometric mean over mnist');
    expect(text).toContain('Construction and search against the code as saved');
    expect(text).toContain(`On a dataset that the optimization has never seen: ${words} +50.7 %`);
    expect(text).toContain('construction g1c1 +7.8 % +6.5 % to +9.1 % 3');
    expect(text).toContain('refinement none confirmed 2');
    expect(text).toContain('accepted, not confirmed');
    expect(text).toContain('same code as g3c1');
    expect(text).toContain('1 more were not sampled before the run was cut off');
    expect(text).toContain('no rewrite of the playbook fits');
    expect(text).toContain('Resumed 2026-01-31 09:30 UTC');
    expect(text).toContain(
      '--module all --dataset mnist-784-euclidean,fashion-mnist-784-euclidean --hold-out',
    );
    expect(text).toContain('--budget 120');
  });

  it('never puts a subset and the whole of a dataset into one chart', async () => {
    await threeModuleRun(workspace);
    const page = pageOf(await storyOf('three-modules'));
    const charts = dataOf(page).charts.filter(
      (chart): chart is ReportCurves =>
        chart.kind === 'curves' && chart.id.startsWith('candidates-construction'),
    );
    expect(
      charts.map(({ series }) => series.map(({ name, role, mode }) => `${name} ${role} ${mode}`)),
    ).toEqual([
      ['reference reference resident', 'g1c1 winner resident'],
      ['reference reference resident', 'g1c1 winner resident'],
      ['reference reference paired', 'g1c1 winner paired', 'g1c2 rejected paired'],
      ['reference reference paired', 'g1c1 winner paired'],
    ]);
    expect(textOf(page)).toContain(`${mnist}, first 15,000 of 60,000 vectors`);
  });
});

describe('runs without a result', () => {
  it('says that nothing was gained', async () => {
    await fruitlessRun(workspace);
    const story = await storyOf('fruitless');
    expect(claimOf(story)).toBeUndefined();
    const page = pageOf(story);
    expect(page).toContain('no gain');
    expect(textOf(page)).toContain('No gain No candidate was confirmed to be faster than the code as saved');
    expect(textOf(page)).toContain('rejected: slower (screen)');
    expect(textOf(page)).toContain('cancelled');
    expect(page).not.toContain('id="changes"');
  });

  it('says of groups for training that they were sampled, not that nothing was confirmed', async () => {
    const run = new SampleRun(workspace, 'training');
    await run.begin(['search'], { stopAfter: 'groups' });
    await run.group('g1', 'search', 1);
    await run.completion('g1c1', 'huge-pages; end', patchOf('huge-pages'));
    await run.accepted('g1c1', { gain: 0.12 });
    await run.moduleEnd('search', null, null);
    await run.end('done', []);
    const page = pageOf(await storyOf('training'));
    expect(page).toContain('sampled for training (Annsmith report)');
    expect(textOf(page)).toContain('Sampled for training This run sampled groups to train the policy on.');
    expect(textOf(page)).toContain('1 candidate, 1 judged.');
  });

  it('says that the run is unfinished, and what is there', async () => {
    await unfinishedRun(workspace);
    const text = textOf(pageOf(await storyOf('unfinished')));
    expect(text).toContain(
      'Unfinished. This run is not finished: its last record is of 2026-01-31 09:30 UTC',
    );
    expect(text).toContain('No candidate is confirmed yet. 2 candidates, 1 judged.');
    expect(text).toContain('not judged yet');
    expect(text).toContain('6 more were not sampled');
  });

  it('shows the one confirmed winner of a run that was cut off before its total', async () => {
    const run = new SampleRun(workspace, 'cut-off');
    await run.begin(['search']);
    await run.searchModule();
    const story = await storyOf('cut-off');
    expect(claimOf(story)).toMatchObject({ whole: false, gain: estimate(0.59, 0.012) });
    expect(textOf(pageOf(story))).toContain('One module against the state before it');
  });

  it('says so when winners do not hold together', async () => {
    const run = new SampleRun(workspace, 'apart');
    await run.begin(['search']);
    await run.searchModule();
    await run.end('done', []);
    const text = textOf(pageOf(await storyOf('apart')));
    expect(text).toContain('g1c1 was confirmed alone, but everything together was not');
  });

  it('shows the error of a failed run, and that a resumed one goes on', async () => {
    const run = new SampleRun(workspace, 'failed');
    await run.begin(['search']);
    await run.end('failed', [], 'no space left on the disk');
    expect(textOf(pageOf(await storyOf('failed')))).toContain(
      'ended with an error: no space left on the disk',
    );
    await run.write('resume', {});
    const story = await storyOf('failed');
    expect(story.status).toBe('unfinished');
    expect(textOf(pageOf(story))).toContain('It was resumed 1 time.');
  });
});

describe('what cannot be trusted', () => {
  it('is text, wherever it comes from', async () => {
    const hostile = '</script></pre><script>globalThis.hacked = 1</script><img src=x onerror=alert(1)>"\'';
    const run = new SampleRun(workspace, 'hostile');
    await run.begin(['search'], {
      workspace: { name: hostile, root: hostile, hash: hostile },
      machine: { cpu: hostile, [hostile]: hostile },
      compiler: { version: hostile, flags: [hostile] },
      policy: { id: hostile, version: hostile },
    });
    await run.group('g1', 'search', 1);
    const patch = `--- a/${hostile}\n+++ b/${hostile}\n@@ -1,1 +1,1 @@\n-${hostile}\n+// ${hostile}\n`;
    await run.completion('g1c1', hostile, patch, { notes: [hostile] });
    await run.judgement(
      'g1c1',
      { kind: 'rejected', reason: 'crash', check: hostile, detail: hostile },
      { checks: [{ name: hostile, ok: false, detail: hostile }], timings: { [hostile]: 1 } },
    );
    await run.write('total', {
      gain: estimate(0.1, 0.01),
      trials: [{ ...sampleFinal(mnist, { gain: 0.1 }), dataset: hostile }],
      patch: hostile,
      patchHash: hostile,
    });
    await run.end('failed', [], hostile);
    const page = pageOf(await storyOf('hostile'), [hostile]);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page).not.toMatch(/<img|\sonerror="|<\/pre><script/);
    expect(page.split('&lt;img src=x onerror=alert(1)&gt;').length).toBeGreaterThan(15);
  });

  it('says which lines of the ledger could not be read', async () => {
    await oneModuleRun(workspace);
    await appendFile(ledgerPath(workspace), '{"v":2,"type":"run-end","runId":"one-mod');
    const { records, problems } = await readLedger(ledgerPath(workspace));
    const story = runStory(records, 'one-module');
    expect(problems).toHaveLength(1);
    const page = pageOf(story!, ['Line 99 of the ledger: not a whole JSON record.']);
    expect(page).toContain('<li>Line 99 of the ledger: not a whole JSON record.</li>');
  });
});
