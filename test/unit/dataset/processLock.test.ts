import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withProcessLock } from '../../../src/engine/dataset/processLock.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import { useBench } from './support.ts';

const bench = useBench();

describe('withProcessLock', () => {
  it('lets one in at a time', async () => {
    const path = join(bench.folder, 'lock');
    let inside = 0;
    let most = 0;
    let waits = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    const onWait = (): void => {
      waits += 1;
    };
    await Promise.all(Array.from({ length: 6 }, () => withProcessLock(path, { onWait }, work)));
    expect(most).toBe(1);
    expect(waits).toBe(5);
  });

  it('is free again after an error', async () => {
    const path = join(bench.folder, 'lock');
    await expect(withProcessLock(path, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withProcessLock(path, {}, async () => 'in')).toBe('in');
  });

  it('passes on when its holder is killed', async () => {
    const path = join(bench.folder, 'lock');
    const holder = createProcessRunner().start(process.execPath, [
      join(import.meta.dirname, 'holdLock.ts'),
      path,
    ]);
    expect((await holder.lines.next()).value).toBe('held');
    let waited = false;
    let killed = false;
    const entered = withProcessLock(
      path,
      {
        onWait: () => {
          waited = true;
          process.kill(holder.pid, 'SIGKILL');
          killed = true;
        },
      },
      async () => killed,
    );
    expect(await entered).toBe(true);
    expect(waited).toBe(true);
    await holder.kill();
  });

  it('can be given up while waiting', async () => {
    const path = join(bench.folder, 'lock');
    const controller = new AbortController();
    await withProcessLock(path, {}, async () => {
      const second = withProcessLock(
        path,
        { signal: controller.signal, onWait: () => controller.abort() },
        async () => 'in',
      );
      await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
});
