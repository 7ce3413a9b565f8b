import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cleanEnvironment, createProcessRunner } from '../../../src/engine/processRunner.ts';

const runner = createProcessRunner();

/** A process that has ended but was not reaped yet (a zombie) counts as dead. */
function alive(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

describe('process runner', () => {
  it('returns the exit code and both streams', async () => {
    const result = await runner.run('sh', ['-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toMatchObject({ code: 3, stdout: 'out\n', stderr: 'err\n', killedBy: null });
  });

  it('passes input and a given environment only', async () => {
    const result = await runner.run('sh', ['-c', 'cat; echo "[$HOME][$X]"'], {
      input: 'in ',
      env: { X: '1', PATH: '/usr/bin:/bin' },
    });
    expect(result.stdout).toBe('in [][1]\n');
  });

  it('kills the whole group at the time-out', async () => {
    const result = await runner.run('sh', ['-c', 'sleep 60 & echo $!; wait'], { timeoutMs: 200 });
    expect(result.killedBy).toBe('timeout');
    expect(alive(Number(result.stdout))).toBe(false);
  });

  it('kills a group that ignores SIGTERM', async () => {
    const result = await runner.run('sh', ['-c', 'trap "" TERM; echo $$; while :; do sleep 0.1; done'], {
      timeoutMs: 200,
    });
    expect(result.signal).toBe('SIGKILL');
    expect(alive(Number(result.stdout))).toBe(false);
  });

  it('kills on abort, and does not start when already aborted', async () => {
    const controller = new AbortController();
    const running = runner.run('sleep', ['60'], { signal: controller.signal });
    controller.abort();
    expect((await running).killedBy).toBe('abort');
    await expect(runner.run('true', [], { signal: controller.signal })).rejects.toThrow();
  });

  it('rejects with ENOENT when the command does not exist', async () => {
    await expect(runner.run('no-such-command', [])).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(runner.start('no-such-command', []).exited).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the end of long output', async () => {
    const result = await runner.run('sh', ['-c', 'seq 1 100000'], { maxOutputBytes: 100 });
    expect(result.stdout.length).toBeLessThanOrEqual(100);
    expect(result.stdout.endsWith('100000\n')).toBe(true);
  });

  it('talks by lines', async () => {
    const child = runner.start('cat', []);
    child.writeLine('one');
    expect((await child.lines.next()).value).toBe('one');
    await child.kill();
    expect((await child.exited).signal).toBe('SIGTERM');
  });

  it('drops what looks like a key from the environment', () => {
    const secrets = { OPENAI_API_KEY: 'x', GH_TOKEN: 'y', OPENAI_CUSTOM_HEADERS: 'Authorization: Basic z' };
    expect(cleanEnvironment({ ...secrets, PATH: 'p' })).toEqual({ PATH: 'p' });
  });
});
