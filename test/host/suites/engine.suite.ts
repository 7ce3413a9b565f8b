import assert from 'node:assert/strict';
import { EngineStopped } from '../../../src/host/engine/errors.ts';
import { descendants, extension, next, root, until } from './window.ts';

suite('the engine server', () => {
  test('answers, as a process of its own', async () => {
    const { engine } = await extension().activate();
    const overview = await engine.request('annsmith/overview', { root: root() });
    assert.equal(overview.state, 'ready', JSON.stringify(overview.problems));
    assert.ok(engine.pid !== undefined && engine.pid !== process.pid);
    assert.equal(descendants().filter((line) => line.includes('server.mjs --stdio')).length, 1);
  });

  test('is told what it can be told: errors have a fix', async () => {
    const { engine } = await extension().activate();
    await assert.rejects(engine.request('annsmith/report', { root: root(), run: 'none' }), {
      name: 'EngineError',
      fix: /./,
    });
  });

  test('killed, it is started again, and what waited for it learns of it', async () => {
    const { engine } = await extension().activate();
    const before = await running();
    const lost = assert.rejects(
      engine.request('annsmith/getDataset', {
        job: 'lost',
        name: 'synthetic-clusters:n=1m,d=256,seed=987',
      }),
      (error) => error instanceof Error && error.name === EngineStopped.name,
    );
    await next('progress', engine.onEvent, (event) => event.kind === 'progress' && event.job === 'lost');
    const states: string[] = [];
    const listener = engine.onState((state) => states.push(state));
    process.kill(before, 'SIGKILL');
    await lost;
    await until('running again', engine.onState, () => states.includes('running'));
    listener.dispose();
    assert.deepEqual(states, ['starting', 'running']);
    const overview = await engine.request('annsmith/overview', { root: root() });
    assert.equal(overview.state, 'ready');
    assert.notEqual(engine.pid, before);
    assert.equal(descendants().filter((line) => line.includes('server.mjs --stdio')).length, 1);
  });

  test('killed again at once, a request waits for the next one', async () => {
    const { engine } = await extension().activate();
    process.kill(await running(), 'SIGKILL');
    await next('the end', engine.onState, (state) => state === 'starting');
    const started = performance.now();
    const overview = await engine.request('annsmith/overview', { root: root() });
    assert.equal(overview.state, 'ready');
    assert.ok(performance.now() - started >= 900, 'the second restart waits a second');
  });

  test('restarted on purpose, it is another process', async () => {
    const { engine } = await extension().activate();
    const before = await running();
    await engine.restart();
    assert.equal(engine.state, 'running');
    assert.notEqual(engine.pid, before);
    assert.throws(() => process.kill(before, 0), 'the old one has ended');
  });
});

async function running(): Promise<number> {
  const { engine } = await extension().activate();
  await engine.request('annsmith/overview', { root: root() });
  assert.ok(engine.pid !== undefined);
  return engine.pid;
}
