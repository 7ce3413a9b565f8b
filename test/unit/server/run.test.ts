/** A run through the server with the real compiler and harness: progress, a server that is killed, resuming in a new one. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type CancellationToken, CancellationTokenSource } from 'vscode-jsonrpc/node';
import { engineErrorCode } from '../../../src/protocol/engine.ts';
import { createFixture, type Fixture } from '../../engine/fixture.ts';
import { ServerClient, uriOf } from './client.ts';

const search = {
  modules: ['search' as const],
  datasets: [],
  group: 2,
  rounds: 1,
  budgetMinutes: null,
  policy: 'playbook' as const,
};

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture?.remove());

it('survives its server', { timeout: 400_000 }, async () => {
  const { root } = fixture.workspace;
  const { client: first } = await ServerClient.start({ folders: [root] });
  const job = first.request('annsmith/optimize', { ...search, job: 'one', root, seed: 1 });
  // It ends with its server.
  job.catch(() => undefined);
  const { run } = await first.until(() => first.events.find((event) => event.kind === 'run'));
  await first.until(() =>
    first.events.some((event) => event.kind === 'progress' && event.stage === 'screen'),
  );
  await first.until(() => first.changes('ledger') > 0);
  const [going] = await first.request('annsmith/runs', { root });
  expect(going).toMatchObject({ id: run, status: 'active' });
  expect(going?.groups[0]?.candidates).toHaveLength(2);
  first.kill();

  const { client: second } = await ServerClient.start({ folders: [root] });
  const [cut] = await second.request('annsmith/runs', { root });
  expect(cut).toMatchObject({ id: run, status: 'unfinished' });
  const outcome = await second.request('annsmith/resume', { job: 'two', root, run });
  expect(outcome.run).toBe(run);
  const [done] = await second.request('annsmith/runs', { root });
  expect(done).toMatchObject({ id: run, status: 'done' });
  expect(done?.groups[0]?.candidates.every(({ verdict }) => verdict !== null)).toBe(true);

  // A change of the candidate starts from the texts that the run kept.
  const candidate = done!.groups[0]!.candidates[0]!;
  const change = await second.request('annsmith/change', { root, run, candidate: candidate.id });
  const { file, base } = change.files[0]!;
  expect(base).toBe(await readFile(join(root, file), 'utf8'));
  expect(readFileSync(join(root, '.annsmith/runs', run, 'reference', file), 'utf8')).toBe(base);
  expect(await second.stop()).toBe(0);
});

it('ends a run that is cancelled, and leaves one open that the end of the editor cuts off', {
  timeout: 400_000,
}, async () => {
  const { root } = fixture.workspace;
  const { client } = await ServerClient.start({ folders: [root] });
  const started = (job: string, seed: number, token?: CancellationToken) =>
    client.request('annsmith/optimize', { ...search, job, root, seed }, token);
  const runOf = (job: string): Promise<string> =>
    client.until(() =>
      client.events.flatMap((event) => (event.kind === 'run' && event.job === job ? event.run : [])).at(0),
    );
  const source = new CancellationTokenSource();
  const cancelled = started('cancelled', 2, source.token);
  const first = await runOf('cancelled');
  const twice = client.request('annsmith/resume', { job: 'twice', root, run: first });
  await expect(twice).rejects.toMatchObject({ code: engineErrorCode, data: { code: 'run-active' } });
  source.cancel();
  await expect(cancelled).rejects.toMatchObject({ code: -32800 });
  expect((await client.request('annsmith/runs', { root }))[0]).toMatchObject({
    id: first,
    status: 'cancelled',
  });

  const cut = started('cut', 3);
  cut.catch(() => undefined);
  const second = await runOf('cut');
  const before = performance.now();
  expect(await client.stop()).toBe(0);
  expect(performance.now() - before).toBeLessThan(5000);
  const { client: later } = await ServerClient.start({ folders: [root] });
  expect((await later.request('annsmith/runs', { root }))[0]).toMatchObject({
    id: second,
    status: 'unfinished',
  });
  await later.stop();
});

it('measures the workspace and keeps what it measured', { timeout: 400_000 }, async () => {
  const { root } = fixture.workspace;
  const { client } = await ServerClient.start({ folders: [root] });
  const measured = await client.request('annsmith/bench', { job: 'bench', root, dataset: null, seconds: 3 });
  expect(measured).toMatchObject({ dataset: 'clusters', recall: 0.95, stale: false });
  const { modules } = await client.request('annsmith/overview', { root });
  expect(modules[0]?.measured).toMatchObject({ dataset: 'clusters', qps: measured.qps, stale: false });
  await client.stop();
});

it('compares a saved change with the last accepted state, where the setting says so', {
  timeout: 400_000,
}, async () => {
  const { root } = fixture.workspace;
  const { client } = await ServerClient.start({
    folders: [root],
    settings: { benchmarkOnSave: true, benchmarkSeconds: 4 },
  });
  const file = join(root, 'include/hnsw/search.h');
  const saved = await readFile(file, 'utf8');
  await vi.waitFor(() => expect(existsSync(join(root, '.annsmith/accepted/annsmith.json'))).toBe(true), {
    timeout: 20_000,
  });
  client.open(file, saved);
  const save = async (text: string): Promise<void> => {
    await writeFile(file, text);
    client.notify('textDocument/didSave', { textDocument: { uri: uriOf(file) } });
  };
  const slow = saved.replace(
    'const float d = distance(id);',
    'float d = distance(id); for (int i = 0; i < 4; ++i) { asm volatile("" ::: "memory"); d = distance(id); }',
  );
  expect(slow).not.toBe(saved);
  await save(slow);
  const warning = await client.until(() => client.diagnosticsOf(file)[0]);
  expect(warning).toMatchObject({ severity: 2, source: 'annsmith' });
  expect(warning.message).toMatch(/^search: slower, -?\S+ % \(95 % interval .*\) on clusters, against/);
  const { series } = await client.request('annsmith/curves', { root });
  expect(series.find(({ role, gain }) => role === 'measured' && gain !== null)?.gain?.high).toBeLessThan(0);
  // What was reported is what the next save is compared with.
  await save(saved);
  const gain = await client.until(() => client.diagnosticsOf(file).find(({ severity }) => severity === 3));
  expect(gain.message).toMatch(/^search: faster, \+/);
  await client.stop();
});
