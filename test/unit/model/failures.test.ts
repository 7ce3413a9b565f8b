import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/engine/errors.ts';
import type { Behaviour, ModelServerOptions } from '../../modelServer/behaviour.ts';
import { type ModelServer, startModelServer } from '../../modelServer/modelServer.ts';
import { ask, canary, clientOf, now, request, StillTime } from './support.ts';

const servers: ModelServer[] = [];

async function serve(options: ModelServerOptions = {}): Promise<ModelServer> {
  const server = await startModelServer({ completions: { search: ['one fish two fish'] }, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const status = (code: number, headers = {}): Behaviour => ({ kind: 'status', status: code, headers });

describe('failures that may pass', () => {
  it.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a date', { 'retry-after': new Date(now + 9000).toUTCString() }, 9000],
    ['milliseconds', { 'retry-after-ms': '1500' }, 1500],
  ])('a 429 is waited for as it asks: %s', async (_, headers, milliseconds) => {
    const server = await serve({ script: [status(429, headers)] });
    const time = new StillTime();
    const { completions, events } = await ask(clientOf(server, time), request());
    expect(completions).toHaveLength(1);
    expect(time.backOffs).toEqual([milliseconds]);
    expect(events[0]).toMatchObject({ kind: 'retry', attempt: 1, seconds: milliseconds / 1000 });
  });

  it('the wait doubles, with jitter', async () => {
    const server = await serve({ script: [status(500), status(503), status(408), status(409)] });
    const time = new StillTime();
    const { completions } = await ask(clientOf(server, time), request());
    expect(completions).toHaveLength(1);
    time.backOffs.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(250 * 2 ** i);
      expect(wait).toBeLessThanOrEqual(500 * 2 ** i);
    });
    expect(time.backOffs).toHaveLength(4);
  });

  it('are given up in the end', async () => {
    const server = await serve({ script: Array.from({ length: 9 }, () => status(500)) });
    const { error } = await ask(clientOf(server, new StillTime(), { maxRetries: 2 }), request());
    expect(error).toMatchObject({ code: 'model-unreachable' });
    expect(server.requests).toHaveLength(3);
  });

  it('a wait of an hour is not waited for', async () => {
    const server = await serve({ script: [status(429, { 'retry-after': '3600' })] });
    const { error } = await ask(clientOf(server, new StillTime()), request());
    expect(error).toMatchObject({ code: 'model-rate-limited' });
    expect(server.requests).toHaveLength(1);
  });

  it('a stream that breaks before any text is asked for again', async () => {
    const server = await serve({
      script: [
        { kind: 'reset', after: 'nothing' },
        { kind: 'truncate', after: 'nothing' },
        { kind: 'invalid-json', after: 'nothing' },
        { kind: 'error-in-stream', error: { message: 'overloaded', code: 503 } },
      ],
    });
    const time = new StillTime();
    const { completions, events } = await ask(clientOf(server, time), request());
    expect(completions.map((c) => [c.text, c.finish])).toEqual([['one fish two fish', 'stop']]);
    expect(time.backOffs).toHaveLength(4);
    expect(events.filter((event) => event.kind === 'retry')).toHaveLength(4);
  });

  it('a socket that stalls is given up and asked again; after some text the completion is cut', async () => {
    const server = await serve({
      script: [
        { kind: 'stall', after: 'nothing' },
        { kind: 'stall', after: 'text' },
      ],
    });
    const time = new StillTime();
    const asked = ask(clientOf(server, time), request(), {
      onEvent: (event) => {
        if (event.kind === 'text') time.pass('stall');
      },
    });
    await server.arrived(1);
    time.pass('firstToken');
    const { completions, events } = await asked;
    expect(events[0]).toMatchObject({ kind: 'retry', why: expect.stringContaining('sent nothing') });
    expect(completions.map((c) => c.finish)).toEqual(['cut']);
    expect(await server.requests[0]!.closed).toBe('gone');
    expect(await server.requests[1]!.closed).toBe('gone');
  });

  it('a socket that stays silent is an error', async () => {
    const server = await serve({ script: [{ kind: 'stall', after: 'nothing' }] });
    const time = new StillTime();
    const asked = ask(clientOf(server, time, { maxRetries: 0 }), request());
    await server.arrived(1);
    time.pass('total');
    expect((await asked).error).toMatchObject({ code: 'model-timeout' });
  });
});

describe('failures that stay', () => {
  it.each([
    ['a wrong key', { key: 'another' }, 'model-auth'],
    ['a wrong model', { model: 'another' }, 'model-not-found'],
    ['a refusal', { script: [status(418)] }, 'model-refused'],
    ['a redirect', { script: [status(307, { location: 'http://127.0.0.1:1/v1' })] }, 'model-refused'],
    ['a page', { script: Array.from({ length: 9 }, () => ({ kind: 'page' as const })) }, 'model-answer'],
    ['a used-up account', { script: [quota()] }, 'model-rate-limited'],
  ])('%s', async (_, options: ModelServerOptions, code) => {
    const server = await serve(options);
    const { completions, error } = await ask(clientOf(server, new StillTime()), request());
    expect(completions).toEqual([]);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code, fix: expect.stringMatching(/\S/) });
    const { message } = error as UserError;
    expect(message).toContain(new URL(server.baseUrl).origin);
    expect(message).toContain('test-model');
    if (code !== 'model-answer') expect(server.requests).toHaveLength(1);
  });

  it('nobody listens', async () => {
    const server = await serve();
    await server.close();
    const { error } = await ask(clientOf(server, new StillTime()), request());
    expect(error).toMatchObject({
      code: 'model-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it.each(['nonsense', 'ftp://127.0.0.1/v1', 'https://me:secret-word@127.0.0.1/v1'])(
    'the base URL %s is none',
    (baseUrl) => {
      let error: unknown;
      try {
        clientOf({ baseUrl }, new StillTime());
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'model-endpoint' });
      expect(String(error)).not.toContain('secret-word');
    },
  );
});

function quota(): Behaviour {
  const error = { message: 'You exceeded your current quota.', code: 'insufficient_quota' };
  return { kind: 'status', status: 429, body: { error } };
}

describe('an abort', () => {
  it('in the middle of a stream closes the socket', async () => {
    const server = await serve({ script: [{ kind: 'stall', after: 'text' }] });
    const abort = new AbortController();
    const { completions, error } = await ask(clientOf(server, new StillTime()), request(), {
      signal: abort.signal,
      onEvent: () => abort.abort(),
    });
    expect(completions).toEqual([]);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(await server.requests[0]!.closed).toBe('gone');
  });

  it('ends a wait', async () => {
    const server = await serve({ script: [status(500)] });
    const time = new StillTime();
    time.holdBackOffs = true;
    const abort = new AbortController();
    const { error } = await ask(clientOf(server, time), request(), {
      signal: abort.signal,
      // Told just before the wait begins.
      onEvent: () => queueMicrotask(() => abort.abort()),
    });
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(time.backOffs).toHaveLength(1);
  });

  it('a reader that leaves ends what is under way', async () => {
    const server = await serve({
      n: 'refused',
      script: [{ kind: 'answer' }, { kind: 'answer' }, { kind: 'stall', after: 'text' }],
    });
    for await (const _ of clientOf(server, new StillTime()).complete(request(2))) break;
    await server.arrived(3);
    expect(await server.requests[2]!.closed).toBe('gone');
  });
});

describe('the key', () => {
  it('is in no error, event, list or body, whatever the server says', async () => {
    const header = 'header-canary-77ab';
    const echo = {
      message: `bad key ${canary}, Authorization: Bearer ${canary}, "${encodeURIComponent(header)}"; logprobs unsupported`,
      param: 'logprobs',
    };
    const statuses = [400, 500, 401];
    const wrong = createServer((req, res) => {
      req.resume();
      res.writeHead(req.method === 'POST' ? statuses.shift()! : 404, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ error: echo }));
    });
    await new Promise<void>((resolve) => wrong.listen(0, '127.0.0.1', resolve));
    const { port } = wrong.address() as AddressInfo;
    const client = clientOf({ baseUrl: `http://127.0.0.1:${port}/v1` }, new StillTime(), {
      headers: { 'x-gateway': header },
    });
    const { events, error } = await ask(client, request());
    wrong.close();
    wrong.closeAllConnections();
    expect(events.map((event) => event.kind)).toEqual(['dropped', 'retry']);
    expect(error).toMatchObject({ code: 'model-auth' });
    const failure = error as UserError;
    const everything = JSON.stringify([events, client.dropped, failure.message, failure.fix, failure.stack]);
    expect(everything).not.toContain(canary);
    expect(everything).not.toContain(header);
    expect(failure.cause).toBeUndefined();

    const server = await serve();
    await ask(clientOf(server, new StillTime(), { headers: { 'x-gateway': header } }), request());
    expect(server.requests[0]!.headers['x-gateway']).toBe(header);
    expect(server.requests[0]!.text).not.toContain(canary);
    expect(server.requests[0]!.path).not.toContain(canary);
  });
});
