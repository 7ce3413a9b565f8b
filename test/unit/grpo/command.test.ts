/** `annsmith grpo` as a user meets it, from the sources. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');

function run(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [cli, 'grpo', ...args], { encoding: 'utf8' });
  return { code: status, stdout };
}

it('refuses rounds that could not follow on each other', () => {
  const refused = (...args: string[]): unknown => {
    const { code, stdout } = run(...args, '--json');
    expect(code).toBe(1);
    return (JSON.parse(stdout) as { error: unknown }).error;
  };
  expect(refused('--rounds', '2', '--promote', 'never')).toMatchObject({
    code: 'rounds-without-promotion',
    message: expect.stringContaining('none from the one before') as string,
  });
  expect(refused('--rounds', '2', '--offline')).toMatchObject({ code: 'offline-rounds' });
});
