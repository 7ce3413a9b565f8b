/**
 * `node test/modelServer/main.ts [--port 0] [--search NAME,...] [--construction ...] [--refinement ...] [--any ...]
 * [--n honoured|refused|ignored] [--logprobs given|refused|ignored] [--token-ids] [--key-of VARIABLE]`: serves recorded
 * completions (names of files in `completions/`) and prints the base URL on a line; ends with SIGTERM or SIGINT.
 */
import { parseArgs } from 'node:util';
import type { ModelServerOptions } from './behaviour.ts';
import { startModelServer } from './modelServer.ts';
import { recorded } from './recorded.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    search: { type: 'string', default: 'good-prefetch,good-visited,wrong,not-compiling' },
    construction: { type: 'string' },
    refinement: { type: 'string' },
    any: { type: 'string' },
    n: { type: 'string', default: 'honoured' },
    logprobs: { type: 'string', default: 'given' },
    'token-ids': { type: 'boolean', default: false },
    /** Name of the environment variable that holds the key which requests must bring. */
    'key-of': { type: 'string' },
  },
});

const completions: Record<string, string[]> = {};
for (const module of ['search', 'construction', 'refinement', 'any'] as const) {
  const names = values[module];
  if (names !== undefined) completions[module] = await recorded(...names.split(','));
}
const key = values['key-of'] === undefined ? undefined : process.env[values['key-of']];
const server = await startModelServer({
  port: Number(values.port),
  completions,
  n: values.n as NonNullable<ModelServerOptions['n']>,
  logprobs: values.logprobs as NonNullable<ModelServerOptions['logprobs']>,
  tokenIds: values['token-ids'],
  ...(key === undefined ? {} : { key }),
});
process.stdout.write(`${server.baseUrl}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
