import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recorded } from '../../modelServer/recorded.ts';
import { ask, clientOf, request, StillTime } from './support.ts';

it('the server of recorded completions runs as a program', async () => {
  const main = join(import.meta.dirname, '../../modelServer/main.ts');
  const child = spawn(process.execPath, [main, '--port', '0', '--search', 'good-visited,wrong'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'exit');
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const baseUrl = line.toString('utf8').trim();
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    const { completions } = await ask(clientOf({ baseUrl }, new StillTime()), request(2));
    expect(completions.map((completion) => completion.text)).toEqual(await recorded('good-visited', 'wrong'));
  } finally {
    child.kill('SIGTERM');
  }
  expect(await closed).toEqual([0, null]);
});
