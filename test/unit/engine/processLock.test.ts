import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryProcessLock, withProcessLock } from '../../../src/engine/processLock.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('withProcessLock', () => {
  it('lets one in at a time', async () => {
    const path = join(folder, 'lock');
    let inside = 0;
    let most = 0;
    let waits = 0;
    const othersWait = Promise.withResolvers<void>();
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await othersWait.promise;
      inside -= 1;
    };
    const onWait = (): void => {
      waits += 1;
      if (waits === 5) othersWait.resolve();
    };
    await Promise.all(Array.from({ length: 6 }, () => withProcessLock(path, { onWait }, work)));
    expect(most).toBe(1);
  });

  it('is free again after an error', async () => {
    const path = join(folder, 'lock');
    await expect(withProcessLock(path, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withProcessLock(path, {}, async () => 'in')).toBe('in');
  });

  it('passes on when its holder is killed', async () => {
    const path = join(folder, 'lock');
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
    const path = join(folder, 'lock');
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

  it('is one lock by every name of a place, before and after there is something', async () => {
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    const held = await tryProcessLock(join(folder, 'real', 'run'));
    expect(held).toBeDefined();
    expect(await tryProcessLock(join(folder, 'link', 'run'))).toBeUndefined();
    await mkdir(join(folder, 'real', 'run'));
    expect(await tryProcessLock(join(folder, 'link', '..', 'link', 'run'))).toBeUndefined();
    await held!.release();
    const again = await tryProcessLock(join(folder, 'link', 'run'));
    expect(again).toBeDefined();
    await again!.release();
  });
});
