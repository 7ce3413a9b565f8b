import { afterEach, describe, expect, it, vi } from 'vitest';
import { addUsage, noUsage } from '../../../src/protocol/model.ts';
import type { ModelServerOptions } from '../../modelServer/behaviour.ts';
import { type ModelServer, startModelServer } from '../../modelServer/modelServer.ts';
import { tokensOf } from '../../modelServer/tokens.ts';
import { ask, canary, clientOf, request, StillTime, streamed } from './support.ts';

const servers: ModelServer[] = [];

async function serve(options: ModelServerOptions = {}): Promise<ModelServer> {
  const texts = ['one fish two fish', 'red fish', 'blue fish swims on', 'the last of four'];
  const server = await startModelServer({ completions: { search: texts }, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const dropped = (parameter: string) => expect.objectContaining({ kind: 'dropped', parameter });

describe('a stream', () => {
  it('becomes text, log-probabilities and usage', async () => {
    const server = await serve();
    const client = clientOf(server, new StillTime(), { price: { prompt: 1, completion: 10 } });
    const { completions, events, error } = await ask(client, request());
    expect(error).toBeUndefined();
    const tokens = tokensOf('one fish two fish');
    expect(completions).toEqual([
      {
        text: 'one fish two fish',
        finish: 'stop',
        tokenIds: [],
        logprobs: tokens.map((token) => token.logprob),
        usage: { promptTokens: 8, completionTokens: 4, requests: 1, cost: (8 * 1 + 4 * 10) / 1e6 },
      },
    ]);
    expect(streamed(events, 0)).toBe('one fish two fish');
    expect(client.id).toBe('openai:test-model');
    expect(client.endpoint).toBe(new URL(server.baseUrl).origin);
    expect(client.dropped).toEqual([]);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${canary}`);
    expect(server.requests[0]!.body).toMatchObject({
      model: 'test-model',
      stream: true,
      temperature: 0.8,
      seed: 11,
      max_tokens: 500,
      logprobs: true,
    });
  });

  it('has token ids where the server is vLLM, which alone is asked for them', async () => {
    const server = await serve({ tokenIds: true });
    const { completions } = await ask(clientOf(server, new StillTime()), request());
    expect(completions[0]!.tokenIds).toEqual(tokensOf('one fish two fish').map((token) => token.id));
    expect(server.others.map((other) => other.path)).toEqual(['/v1/models']);

    const other = await serve();
    const without = await ask(clientOf(other, new StillTime()), request());
    expect(without.completions[0]!.tokenIds).toEqual([]);
    expect(Object.keys(other.requests[0]!.body)).not.toContain('return_token_ids');
  });

  it('is read as well where it comes in one piece', async () => {
    const server = await serve({ whole: true });
    const { completions, events } = await ask(clientOf(server, new StillTime()), request(2));
    expect(completions.map(({ text, finish }) => [text, finish])).toEqual([
      ['one fish two fish', 'stop'],
      ['red fish', 'stop'],
    ]);
    expect(streamed(events, 1)).toBe('red fish');
  });

  it('needs no key, and then sends none', async () => {
    const server = await serve();
    const { completions } = await ask(clientOf(server, new StillTime(), { apiKey: undefined }), request());
    expect(completions).toHaveLength(1);
    expect(server.requests[0]!.headers.authorization).toBeUndefined();
  });

  it('sends the headers of its options, and none that are meant for another endpoint', async () => {
    const server = await serve();
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'X-Elsewhere: 1\nX-Team: env\nAuthorization: Bearer elsewhere');
    vi.stubEnv('OPENAI_ORG_ID', 'org-elsewhere');
    const headers = { 'X-Team': 'search' };
    await ask(clientOf(server, new StillTime(), { headers, organization: 'org-1' }), request());
    await ask(clientOf(server, new StillTime(), { apiKey: undefined }), request());
    vi.unstubAllEnvs();
    expect(server.requests[0]!.headers).toMatchObject({
      'x-team': 'search',
      authorization: `Bearer ${canary}`,
      'openai-organization': 'org-1',
    });
    expect(JSON.stringify(server.requests.map((r) => r.headers))).not.toMatch(/elsewhere|"env"/i);
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'filtered'],
    ['tool_calls', 'stop'],
  ])('that ends with %s is %s', async (finish, expected) => {
    const server = await serve({ script: [{ kind: 'answer', finish }] });
    const { completions } = await ask(clientOf(server, new StillTime()), request());
    expect(completions[0]!.finish).toBe(expected);
  });

  it('that is truncated, reset or turns to garbage after some text is cut', async () => {
    const server = await serve({
      script: [
        { kind: 'truncate', after: 'text' },
        { kind: 'reset', after: 'text' },
        { kind: 'invalid-json', after: 'text' },
      ],
    });
    const client = clientOf(server, new StillTime());
    const texts = [];
    for (let i = 0; i < 3; i++) {
      const { completions, error } = await ask(client, request());
      expect(error).toBeUndefined();
      expect(completions[0]!.finish).toBe('cut');
      texts.push(completions[0]!.text);
    }
    expect(texts).toEqual(['one fish two fish', 'red fish', 'blue fish swims on']);
    expect(server.requests).toHaveLength(3);
  });
});

describe('several completions', () => {
  it('come from one request, its prompt counted once', async () => {
    const server = await serve();
    const { completions, events } = await ask(clientOf(server, new StillTime()), request(3));
    expect(server.requests.map((r) => r.body.n)).toEqual([3]);
    expect(completions.map((c) => c.text)).toEqual(['one fish two fish', 'red fish', 'blue fish swims on']);
    expect(completions.map((c) => c.usage.promptTokens)).toEqual([8, 0, 0]);
    expect(completions.map((c) => c.usage.completionTokens)).toEqual([4, 2, 4]);
    expect(completions.map((c) => c.usage).reduce(addUsage, { ...noUsage, cost: null })).toMatchObject({
      promptTokens: 8,
      completionTokens: 10,
      requests: 1,
    });
    expect(streamed(events, 2)).toBe('blue fish swims on');
  });

  it('come from requests of their own, with seeds of their own, where `n` is refused', async () => {
    const server = await serve({ n: 'refused' });
    const client = clientOf(server, new StillTime(), { concurrency: 2 });
    const { completions, events } = await ask(client, request(4));
    expect(completions.map((c) => c.text).sort()).toEqual([
      'blue fish swims on',
      'one fish two fish',
      'red fish',
      'the last of four',
    ]);
    expect(client.dropped).toEqual(['n']);
    expect(events.filter((event) => event.kind === 'dropped')).toEqual([dropped('n')]);
    expect(server.requests.map((r) => r.body['seed']).sort()).toEqual([11, 11, 12, 13, 14]);
    expect(completions.every((c) => c.usage.promptTokens === 8 && c.usage.requests === 1)).toBe(true);

    // Remembered: the next time it is not asked for.
    await ask(client, request(2));
    expect(server.requests.slice(5).every((r) => r.body.n === undefined)).toBe(true);
  });

  it('are filled up where the server gives fewer', async () => {
    const server = await serve({ n: 'ignored' });
    const client = clientOf(server, new StillTime());
    const { completions, events } = await ask(client, request(3));
    expect(completions).toHaveLength(3);
    expect(client.dropped).toEqual(['n']);
    expect(events).toContainEqual({
      kind: 'dropped',
      parameter: 'n',
      why: 'the server gave 1 of 3 completions',
    });
    expect(new Set(events.flatMap((e) => (e.kind === 'text' ? [e.index] : [])))).toEqual(new Set([0, 1, 2]));
  });

  it('are fewer where some cannot be had', async () => {
    const server = await serve({
      n: 'refused',
      // The first request is refused by `n`, and the script counts it.
      script: [{ kind: 'answer' }, { kind: 'answer' }, { kind: 'status', status: 418 }, { kind: 'answer' }],
    });
    const client = clientOf(server, new StillTime(), { concurrency: 1 });
    const { completions, error } = await ask(client, request(3));
    expect(error).toBeUndefined();
    expect(completions).toHaveLength(1);
  });
});

describe('parameters that the server does not take', () => {
  it.each([['temperature'], ['logprobs'], ['seed'], ['stream_options']])(
    '%s is dropped, said so, and remembered',
    async (parameter) => {
      const server = await serve({ refuses: [parameter] });
      const client = clientOf(server, new StillTime());
      const { completions, events, error } = await ask(client, request());
      expect(error).toBeUndefined();
      expect(completions).toHaveLength(1);
      expect(events).toContainEqual(dropped(parameter));
      expect(client.dropped).toEqual([parameter]);
      await ask(client, request());
      expect(server.requests.map((r) => parameter in r.body)).toEqual([true, false, false]);
    },
  );

  it('max_tokens gives way to max_completion_tokens', async () => {
    const server = await serve({ refuses: ['max_tokens'] });
    const client = clientOf(server, new StillTime());
    await ask(client, request());
    expect(client.dropped).toEqual(['max_tokens']);
    expect(server.requests[1]!.body).toMatchObject({ max_completion_tokens: 500 });
  });

  it('a length that does not fit is no missing parameter', async () => {
    const message = "'max_tokens' is too large: 500. This model's maximum context length is 400 tokens.";
    const server = await serve({
      script: [{ kind: 'status', status: 400, body: { error: { message, param: 'max_tokens' } } }],
    });
    const client = clientOf(server, new StillTime());
    const { error } = await ask(client, request());
    expect(error).toMatchObject({ code: 'model-refused', message: expect.stringContaining(message) });
    expect(client.dropped).toEqual([]);
  });

  it('are found one after the other where the refusal names none', async () => {
    const vague = { kind: 'status', status: 422, body: { detail: 'Unsupported option' } } as const;
    const server = await serve({ script: [vague, vague] });
    const client = clientOf(server, new StillTime());
    const { completions } = await ask(client, request());
    expect(completions).toHaveLength(1);
    expect(client.dropped).toEqual(['logprobs', 'seed']);
  });

  it('are read out of the detail of a 422', async () => {
    const detail = [
      { type: 'extra_forbidden', loc: ['body', 'seed'], msg: 'Extra inputs are not permitted' },
    ];
    const server = await serve({ script: [{ kind: 'status', status: 422, body: { detail } }] });
    const client = clientOf(server, new StillTime());
    await ask(client, request());
    expect(client.dropped).toEqual(['seed']);
  });

  it('log-probabilities that do not come are none', async () => {
    const server = await serve({ logprobs: 'ignored' });
    const { completions } = await ask(clientOf(server, new StillTime()), request());
    expect(completions[0]!.logprobs).toEqual([]);
  });

  it('usage that does not come is estimated from the texts', async () => {
    const server = await serve({ usage: 'ignored', logprobs: 'ignored' });
    const { completions } = await ask(clientOf(server, new StillTime()), request());
    expect(completions[0]!.usage).toMatchObject({ promptTokens: 13, completionTokens: 5 });
  });
});
