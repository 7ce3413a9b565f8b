import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilerOf } from '../../../src/engine/machine.ts';
import { hnswlibAdapter, hnswlibAdapterFile } from '../../../src/engine/module/hnswlibAdapter.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';

const processes = createProcessRunner();
let dir = '';

/** The adapter and a driver of the C ABI in one program, over the real hnswlib. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'annsmith-adapter-'));
  await writeFile(join(dir, hnswlibAdapterFile), hnswlibAdapter);
  const hnswlib = join(
    dirname(createRequire(import.meta.url).resolve('hnswlib-node/package.json')),
    'src/hnswlib',
  );
  const [command, ...first] = compilerOf(process.env);
  const args = [
    '-std=c++17',
    '-O1',
    `-I${join(import.meta.dirname, '../../../native/include')}`,
    `-I${hnswlib}`,
  ];
  const sources = [hnswlibAdapterFile, join(import.meta.dirname, 'hnswlibAdapterDriver.cc')];
  const result = await processes.run(command, [...first, ...args, ...sources, '-pthread', '-o', 'driver'], {
    cwd: dir,
  });
  expect(result.code, result.stderr).toBe(0);
}, 120_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('the hnswlib adapter', () => {
  it.each([
    ['euclidean', 0, 1],
    ['angular', 1, 1],
    ['inner product', 2, 1],
    ['euclidean, two threads', 0, 2],
  ])('builds, exports, imports and searches: %s', async (_, metric, threads) => {
    const result = await processes.run(join(dir, 'driver'), [String(metric), String(threads)]);
    expect(result.code, result.stderr).toBe(0);
    const answer: unknown = JSON.parse(result.stdout);
    expect(answer).toMatchObject({
      sameGraph: true,
      differing: 0,
      falseDistances: 0,
      brokenGraph: 1,
      message: 'the graph names a node that it lacks',
    });
    expect(answer).toHaveProperty(
      'recall',
      expect.toSatisfy((recall: number) => recall > 0.95),
    );
  });
});
