/** The engine requests from a server over stdio: handshake, checks, what is read from workspaces and ledgers. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationTokenSource, type ResponseError } from 'vscode-jsonrpc/node';
import { unifiedDiff } from '../../../src/engine/candidate/patch.ts';
import { codeHashes } from '../../../src/engine/codeHashes.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { openLedger } from '../../../src/engine/ledger/ledgerWriter.ts';
import { ledgerPath, summariseRuns } from '../../../src/engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import { engineErrorCode } from '../../../src/protocol/engine.ts';
import { fruitlessRun, oneModuleRun, SampleRun, unfinishedRun } from '../reporting/sampleLedger.ts';
import { sampleComparison } from '../reporting/sampleMeasurements.ts';
import { ServerClient } from './client.ts';
import { copyWorkspace, type WorkspaceCopy } from './workspaceCopy.ts';

let copy: WorkspaceCopy;
let client: ServerClient;
beforeAll(async () => {
  copy = await copyWorkspace();
  ({ client } = await ServerClient.start({
    folders: [copy.root],
    env: { ANNSMITH_CACHE: join(copy.root, '..', 'cache') },
  }));
});
afterAll(async () => {
  await client.stop();
  await copy.remove();
});

/** The error that a request ends with. */
async function refusal(request: Promise<unknown>): Promise<ResponseError<{ code: string; fix: string }>> {
  return request.then(
    () => expect.fail('the request was answered'),
    (error: ResponseError<{ code: string; fix: string }>) => error,
  );
}

describe('handshake', () => {
  it('names the server, its version and its protocol', async () => {
    const { client: other, answer } = await ServerClient.start({ folders: [] });
    expect(answer.serverInfo).toMatchObject({ name: 'annsmith', version: expect.stringMatching(/^\d+\./) });
    expect(answer.capabilities.experimental).toEqual({ annsmith: { protocol: 1 } });
    expect(await other.stop()).toBe(0);
  });

  it('refuses an extension of another version, and says what to do', async () => {
    const error = await refusal(ServerClient.start({ folders: [], protocol: 99 }));
    expect(error.code).toBe(engineErrorCode);
    expect(error.message).toMatch(/different versions.*version 99/);
    expect(error.data).toMatchObject({ code: 'protocol', fix: 'Reload the window.' });
  });
});

describe('errors', () => {
  it('names the parameter that is wrong', async () => {
    const error = await refusal(
      client.send('annsmith/optimize', { job: 'a', root: copy.root, modules: [], group: 'many' }),
    );
    expect(error.code).toBe(-32602);
    expect(error.message).toMatch(/modules/);
    expect(error.message).toMatch(/group/);
  });

  it('carries the code and the fix of what the user can put right', async () => {
    const error = await refusal(
      client.request('annsmith/change', { root: copy.root, run: 'nonesuch', candidate: 'best' }),
    );
    expect(error.code).toBe(engineErrorCode);
    expect(error.data).toMatchObject({ code: 'no-such-run', fix: expect.stringMatching(/./) });
  });

  it('ends a job that is cancelled, and only that', async () => {
    const source = new CancellationTokenSource();
    const job = client.request(
      'annsmith/getDataset',
      { job: 'big', name: 'synthetic-uniform:n=2m,d=64,seed=3' },
      source.token,
    );
    await client.until(() => client.events.some((event) => event.kind === 'progress' && event.job === 'big'));
    source.cancel();
    expect((await refusal(job)).code).toBe(-32800);
    expect((await client.request('annsmith/datasets', {})).datasets.length).toBeGreaterThan(3);
  });
});

describe('overview', () => {
  it('knows a workspace, one that can become one, and others', async () => {
    const { modules, ...rest } = await client.request('annsmith/overview', { root: copy.root });
    expect(rest).toEqual({
      root: copy.root,
      state: 'ready',
      name: 'hnsw',
      problems: [],
      datasets: ['mnist-784-euclidean', 'fashion-mnist-784-euclidean', 'wink-100-angular'],
    });
    expect(modules.map(({ module }) => module)).toEqual(['construction', 'search', 'refinement']);
    expect(modules.every(({ measured, best }) => measured === null && best === null)).toBe(true);
    expect(modules[1]?.regions.map(({ symbol }) => symbol)).toContain('SearchLayer');
    expect(await client.request('annsmith/overview', { root: dirname(copy.root) })).toMatchObject({
      state: 'recognised',
      modules: [],
    });
    expect(
      await client.request('annsmith/overview', { root: join(copy.root, 'include', 'none') }),
    ).toMatchObject({ state: 'other' });
  });

  it('lists the problems of a broken manifest and recovers', async () => {
    const path = join(copy.root, 'annsmith.json');
    const right = await readFile(path, 'utf8');
    await writeFile(path, right.replace('"k": 10', '"k": "ten"'));
    expect(await client.request('annsmith/overview', { root: copy.root })).toMatchObject({
      state: 'broken',
      problems: [{ field: 'search.k' }],
    });
    await writeFile(path, right);
    expect(await client.request('annsmith/overview', { root: copy.root })).toMatchObject({ state: 'ready' });
  });

  it('writes a manifest for a recognised folder', async () => {
    const other = await copyWorkspace();
    try {
      const path = join(other.root, 'annsmith.json');
      const { rm } = await import('node:fs/promises');
      await rm(path);
      expect(await client.request('annsmith/overview', { root: other.root })).toMatchObject({
        state: 'recognised',
      });
      expect(await client.request('annsmith/init', { root: other.root })).toEqual({
        written: ['annsmith.json'],
      });
      expect(await client.request('annsmith/overview', { root: other.root })).toMatchObject({
        state: 'ready',
      });
    } finally {
      await other.remove();
    }
  });
});

describe('a ledger', () => {
  beforeAll(async () => {
    await oneModuleRun(copy.root);
    await fruitlessRun(copy.root);
    await unfinishedRun(copy.root);
  });

  it('is told as runs, groups and candidates, best first', async () => {
    const runs = await client.request('annsmith/runs', { root: copy.root });
    expect(runs.map(({ id, status }) => [id, status])).toEqual([
      ['one-module', 'done'],
      ['fruitless', 'done'],
      ['unfinished', 'unfinished'],
    ]);
    const [run] = runs;
    expect(run).toMatchObject({ policy: 'playbook', applied: false, error: null, gain: { value: 0.59 } });
    expect(run?.speedup.length).toBeGreaterThan(1);
    expect(run?.groups).toHaveLength(1);
    expect(run?.groups[0]?.candidates.map(({ id, won, verdict }) => [id, won, verdict?.kind])).toEqual([
      ['g1c1', true, 'accepted'],
      ['g1c2', false, 'accepted'],
      ['g1c3', false, 'rejected'],
      ['g1c4', false, 'failed'],
    ]);
    expect(runs[2]?.groups[0]?.candidates.find(({ id }) => id === 'g1c2')?.verdict).toBeNull();
  });

  it('gives a change as texts: of the saved files while they are as they were', async () => {
    const change = await client.request('annsmith/change', {
      root: copy.root,
      run: 'one-module',
      candidate: 'best',
    });
    const saved = await readFile(join(copy.root, 'include/hnsw/search.h'), 'utf8');
    expect(change.files.map(({ file }) => file)).toEqual(['include/hnsw/search.h']);
    expect(change.files[0]?.base).toBe(saved);
    expect(change.files[0]?.text).toContain('expanded_');
    expect(change).toMatchObject({ module: null, gain: { value: 0.59 } });
    expect(change.parts.map(({ part }) => part)).toEqual([
      'batched-neighbour-prefetch',
      'linear-candidate-pool',
    ]);
    const winner = await client.request('annsmith/change', {
      root: copy.root,
      run: 'one-module',
      candidate: 'search',
    });
    expect(winner).toMatchObject({ module: 'search', files: change.files });
  });

  it('refuses it once the code is another, unless the run has kept its texts', async () => {
    const path = join(copy.root, 'include/hnsw/search.h');
    const saved = await readFile(path, 'utf8');
    const asked = { root: copy.root, run: 'one-module', candidate: 'g1c2' };
    const before = await client.request('annsmith/change', asked);
    await writeFile(path, saved.replaceAll('epoch', 'era').replaceAll('VisitedSet', 'SeenSet'));
    const error = await refusal(client.request('annsmith/change', asked));
    expect(error.data).toMatchObject({ code: 'code-changed' });
    const kept = join(copy.root, '.annsmith/runs/one-module/reference/include/hnsw/search.h');
    await mkdir(dirname(kept), { recursive: true });
    await writeFile(kept, saved);
    expect(await client.request('annsmith/change', asked)).toEqual(before);
    await writeFile(path, saved);
  });

  it('lets a candidate of a later module start from the winners before it', async () => {
    const file = 'include/hnsw/search.h';
    const saved = await readFile(join(copy.root, file), 'utf8');
    const [first, second] = [`// built\n${saved}`, `// built\n${saved}// searched\n`];
    const patchOf = (before: string, after: string) =>
      unifiedDiff(new Map([[file, before]]), new Map([[file, after]]));
    const run = new SampleRun(copy.root, 'two-modules', Date.UTC(2025, 0, 1));
    await run.begin(['construction', 'search']);
    await run.group('g1', 'construction', 1);
    await run.completion('g1c1', 'first; end', patchOf(saved, first));
    await run.moduleEnd('construction', 'g1c1', patchOf(saved, first));
    await run.group('g2', 'search', 1);
    await run.completion('g2c1', 'huge-pages; end', patchOf(first, second));
    const changeOf = (candidate: string) =>
      client.request('annsmith/change', { root: copy.root, run: 'two-modules', candidate });
    const change = await changeOf('g2c1');
    expect(change.files).toEqual([{ file, base: first, text: second }]);
    expect(change.parts).toMatchObject([
      { part: 'huge-pages', cause: expect.stringMatching(/\w/), gain: null },
    ]);
    // One confirmed module is what there is of everything together.
    expect((await changeOf('best')).files).toEqual([{ file, base: saved, text: first }]);
    expect((await refusal(changeOf('search'))).data).toMatchObject({ code: 'nothing-confirmed' });
    expect((await refusal(changeOf('g9c9'))).data).toMatchObject({ code: 'no-such-candidate' });
  });

  it('names the best until the code has it', async () => {
    const bestOf = async () =>
      (await client.request('annsmith/overview', { root: copy.root })).modules[1]?.best;
    const best = await bestOf();
    expect(best).toMatchObject({ run: 'one-module', candidate: 'search' });
    const { files } = await client.request('annsmith/change', { root: copy.root, ...best! });
    for (const { file, text } of files) await writeFile(join(copy.root, file), text);
    expect(await bestOf()).toBeNull();
    for (const { file, base } of files) await writeFile(join(copy.root, file), base);
    expect(await bestOf()).toEqual(best);
  });

  it('gives every curve on a whole dataset, with intervals, costs and what was changed', async () => {
    const { runs, series } = await client.request('annsmith/curves', { root: copy.root });
    expect(runs.map(({ id }) => id)).toEqual(['one-module', 'fruitless', 'unfinished', 'two-modules']);
    expect(runs[0]).toMatchObject({
      machine: expect.stringContaining('Xeon'),
      compiler: expect.stringContaining('g++'),
      windows: [{ dataset: 'mnist-784-euclidean', window: [0.95, 0.995] }],
    });
    const own = series.filter(({ run }) => run === 'one-module');
    expect(own.map(({ role, candidate }) => [role, candidate])).toEqual([
      ['reference', null],
      ['winner', 'best'],
      ['winner', 'g1c1'],
      ['candidate', 'g1c2'],
    ]);
    expect(new Set(series.map(({ id }) => id)).size).toBe(series.length);
    const best = own[1]!;
    expect(best.points.map(({ recall }) => recall)).toEqual(
      best.points.map(({ recall }) => recall).toSorted((a, b) => a - b),
    );
    const [interval] = best.intervals;
    expect(interval!.low).toBeLessThan(interval!.value);
    expect(interval!.high).toBeGreaterThan(interval!.value);
    expect(best.costs?.buildCpuSeconds).toBeGreaterThan(0);
    expect(best.change!.added).toBeGreaterThan(5);
    expect(best.change!.text.split('\n')).toHaveLength(12);
    expect(series.find(({ run }) => run === 'fruitless' && true)?.role).toBe('reference');
    expect(series.some(({ run, role }) => run === 'fruitless' && role === 'rejected')).toBe(true);
  });

  it('takes what a developer made of a hunk, which changes no run but its curves', async () => {
    const path = ledgerPath(copy.root);
    const before = summariseRuns((await readLedger(path)).records);
    await client.request('annsmith/signal', {
      root: copy.root,
      run: 'one-module',
      candidate: 'best',
      file: 'include/hnsw/search.h',
      hunk: 'ab'.repeat(32),
      signal: 'accepted',
    });
    const { records, problems } = await readLedger(path);
    expect(problems).toEqual([]);
    expect(records.at(-1)).toMatchObject({ type: 'signal', runId: 'one-module', signal: 'accepted' });
    expect(summariseRuns(records)).toEqual(before);
    const { series } = await client.request('annsmith/curves', { root: copy.root });
    expect(series.find(({ id }) => id.startsWith('one-module/best'))?.role).toBe('accepted');
    const unknown = await refusal(
      client.request('annsmith/signal', {
        root: copy.root,
        run: 'nonesuch',
        candidate: 'best',
        file: 'x',
        hunk: 'x',
        signal: 'undone',
      }),
    );
    expect(unknown.data).toMatchObject({ code: 'no-such-run' });
  });

  it('says how fast the code was, and that it was changed since', async () => {
    const syntax = await createCppSyntax();
    const workspace = await loadWorkspace(copy.root, { syntax });
    const { candidate, logRatio, speedupAt } = sampleComparison({ gain: 0.1 });
    const clock = { now: () => Date.UTC(2026, 5, 1), monotonic: () => 0 };
    await openLedger(ledgerPath(copy.root), clock).append({
      type: 'measurement',
      runId: 'measured-1',
      workspace: { name: 'hnsw', root: copy.root, hash: 'x' },
      ...codeHashes(workspace),
      dataset: { name: 'mnist-784-euclidean', fingerprint: 'f', window: [0.95, 0.995] },
      machine: { cpu: 'A processor', cores: 2 },
      compiler: { version: 'g++', flags: [] },
      points: candidate,
      buildCpuSeconds: 3,
      against: { hash: 'y', logRatio, speedupAt },
    });
    const measuredOf = async () =>
      (await client.request('annsmith/overview', { root: copy.root })).modules.map(
        ({ measured }) => measured,
      );
    const fresh = await measuredOf();
    expect(fresh.map((measured) => measured?.stale)).toEqual([false, false, false]);
    expect(fresh[0]).toMatchObject({ recall: 0.95, at: '2026-06-01T00:00:00.000Z' });
    expect(fresh[0]!.qps).toBeGreaterThan(5000);
    const path = join(copy.root, 'include/hnsw/search.h');
    const saved = await readFile(path, 'utf8');
    await writeFile(path, saved.replace('class VisitedSet {', 'class VisitedSet {\n  // changed'));
    expect((await measuredOf()).map((measured) => measured?.stale)).toEqual([false, true, false]);
    await writeFile(path, saved);
    const { series, runs } = await client.request('annsmith/curves', { root: copy.root });
    expect(series.find(({ role }) => role === 'measured')).toMatchObject({
      run: 'measured-1',
      gain: { value: 0.1 },
    });
    expect(runs[0]).toMatchObject({ id: 'measured-1', machine: 'A processor, 2 cores' });
    expect((await client.request('annsmith/runs', { root: copy.root })).map(({ id }) => id)).not.toContain(
      'measured-1',
    );
  });

  it('counts a torn line out, and goes on after it', async () => {
    await appendFile(ledgerPath(copy.root), '{"v":2,"type":"run"');
    const run = new SampleRun(copy.root, 'after-the-tear', Date.UTC(2026, 7, 1));
    await run.begin(['search']);
    const runs = await client.request('annsmith/runs', { root: copy.root });
    expect(runs[0]?.id).toBe('after-the-tear');
    expect(runs).toHaveLength(5);
  });

  it('is written as a report beside the run', async () => {
    const { path } = await client.request('annsmith/report', { root: copy.root, run: 'one-module' });
    expect(path).toBe(join(copy.root, '.annsmith/runs/one-module/report.html'));
    expect(await readFile(path, 'utf8')).toContain('<!doctype html>');
  });
});
