/** Versions of the built-in policy over the engine server: listed, promoted, taken back; and rounds with nothing to train on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResponseError } from 'vscode-jsonrpc/node';
import { engineErrorCode } from '../../../src/protocol/engine.ts';
import { rounds, storeIn } from '../grpo/madeUpRounds.ts';
import { ServerClient } from './client.ts';
import { copyWorkspace, type WorkspaceCopy } from './workspaceCopy.ts';

let copy: WorkspaceCopy;
let data: string;
let client: ServerClient;
beforeAll(async () => {
  copy = await copyWorkspace();
  data = await mkdtemp(join(tmpdir(), 'annsmith-policies-'));
  const env = { ANNSMITH_CACHE: join(data, 'cache'), ANNSMITH_DATA: data };
  ({ client } = await ServerClient.start({ folders: [copy.root], env }));
});
afterAll(async () => {
  await client.stop();
  await Promise.all([copy.remove(), rm(data, { recursive: true, force: true })]);
});

const told = (): number =>
  client.events.filter((event) => event.kind === 'changed' && event.what === 'policies').length;

async function refusal(request: Promise<unknown>): Promise<ResponseError<{ code: string; fix: string }>> {
  return request.then(
    () => expect.fail('the request was answered'),
    (error: ResponseError<{ code: string; fix: string }>) => error,
  );
}

it('knows the prior alone at first, which cannot be rolled back', async () => {
  const { versions, rounds: none } = await client.request('annsmith/policies', {});
  expect(versions).toMatchObject([{ promoted: true, parent: null, metrics: null }]);
  expect(none).toEqual([]);
  const error = await refusal(client.request('annsmith/rollBack', {}));
  expect(error.code).toBe(engineErrorCode);
  expect(error.data?.code).toBe('nothing-to-roll-back');
});

it('lists what rounds made, promotes and rolls back, and tells the editor', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'annsmith-rounds-'));
  const report = await rounds(elsewhere, storeIn(join(data, 'policies', 'playbook')), { promote: 'never' });
  const { version } = report.rounds[0]!;
  await rm(elsewhere, { recursive: true });

  const before = await client.request('annsmith/policies', {});
  expect(before.versions.map((summary) => [summary.version, summary.promoted])).toEqual([
    [before.versions[0]!.version, true],
    [version, false],
  ]);
  expect(before.rounds).toEqual(report.rounds);

  const seen = told();
  const after = await client.request('annsmith/promote', { version: version! });
  expect(after.versions.find(({ promoted }) => promoted)?.version).toBe(version);
  await client.until(() => told() > seen);
  const back = await client.request('annsmith/rollBack', {});
  expect(back.versions.find(({ promoted }) => promoted)?.parent).toBeNull();
  await client.until(() => told() > seen + 1);
});

it('tells the editor of what other processes did to the policy', async () => {
  const seen = told();
  client.watched(join(data, 'policies', 'playbook', 'promoted.json'));
  await client.until(() => told() === seen + 1);
});

it('refuses a version that is none, and rounds without groups, with the way on', async () => {
  const none = await refusal(client.request('annsmith/promote', { version: 'pb-9-00000000' }));
  expect(none.code).toBe(engineErrorCode);
  const empty = await refusal(
    client.request('annsmith/grpo', {
      job: 'j',
      root: copy.root,
      mode: 'offline',
      modules: null,
      datasets: [],
      rounds: 1,
      group: 4,
      budgetMinutes: null,
      seed: 1,
    }),
  );
  expect(empty.data).toMatchObject({ code: 'no-groups', fix: expect.stringMatching(/annsmith/) });
});
