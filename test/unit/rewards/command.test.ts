/** `annsmith serve-rewards` refuses a token that is none before it prepares anything. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

function serve(token: string | undefined) {
  const { ANNSMITH_REWARD_TOKEN: _, ...env } = process.env;
  const args = [
    'serve-rewards',
    '--workspace',
    join(root, 'examples', 'hnsw'),
    '--module',
    'search',
    '--json',
  ];
  return spawnSync(process.execPath, [join(root, 'src', 'cli', 'main.ts'), ...args], {
    encoding: 'utf8',
    env: token === undefined ? env : { ...env, ANNSMITH_REWARD_TOKEN: token },
  });
}

it.each([
  ['no token', undefined, '$ANNSMITH_REWARD_TOKEN is not set'],
  ['a short one', 'secret-canary', '$ANNSMITH_REWARD_TOKEN is shorter than 16 characters'],
  [
    'one with the line break of its file',
    'secret-canary-of-this-test\n',
    '$ANNSMITH_REWARD_TOKEN has characters that a header cannot carry (a space or a line break, perhaps at its end)',
  ],
])('%s', (_, token, message) => {
  const { status, stdout, stderr } = serve(token);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'no-token', message } });
  expect(`${stdout}${stderr}`).not.toContain('secret-canary');
});
