/** A run through the server with the real compiler and harness: progress, a server that is killed, resuming in a new one. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFixture, type Fixture } from '../../engine/fixture.ts';
import { ServerClient } from './client.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture?.remove());

it('survives its server', { timeout: 400_000 }, async () => {
  const { root } = fixture.workspace;
  const { client: first } = await ServerClient.start({ folders: [root] });
  const job = first.request('annsmith/optimize', {
    job: 'one',
    root,
    modules: ['search'],
    datasets: [],
    group: 2,
    rounds: 1,
    budgetMinutes: null,
    policy: 'playbook',
    seed: 1,
  });
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

it('leaves a run unfinished when the editor ends, and cancelled when the user cancels', {
  timeout: 400_000,
}, async () => {
  const { root } = fixture.workspace;
  const { client } = await ServerClient.start({ folders: [root] });
  const job = client.request('annsmith/optimize', {
    job: 'one',
    root,
    modules: ['search'],
    datasets: [],
    group: 2,
    rounds: 1,
    budgetMinutes: null,
    policy: 'playbook',
    seed: 2,
  });
  job.catch(() => undefined);
  const { run } = await client.until(() => client.events.find((event) => event.kind === 'run'));
  const started = performance.now();
  expect(await client.stop()).toBe(0);
  expect(performance.now() - started).toBeLessThan(5000);
  const { client: other } = await ServerClient.start({ folders: [root] });
  expect((await other.request('annsmith/runs', { root }))[0]).toMatchObject({
    id: run,
    status: 'unfinished',
  });
  await other.stop();
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
