import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { askedWait } from '../../../src/engine/policy/model/backOff.ts';
import { refusedParameter } from '../../../src/engine/policy/model/capabilities.ts';
import {
  endpointOfEnvironment,
  isLoopback,
  useProxyOf,
} from '../../../src/engine/policy/model/environment.ts';
import { parsePolicies } from '../../../src/engine/policy/model/modelSpec.ts';
import { Scrubber } from '../../../src/engine/policy/model/scrub.ts';
import { shareUsage } from '../../../src/engine/policy/model/usage.ts';
import { startModelServer } from '../../modelServer/modelServer.ts';
import { ask, clientOf, request, StillTime } from './support.ts';

describe('names of policies', () => {
  it.each([
    ['playbook', [{ kind: 'playbook', id: 'playbook' }]],
    [
      'openai:qwen2.5-coder:7b',
      [{ kind: 'openai', id: 'openai:qwen2.5-coder:7b', model: 'qwen2.5-coder:7b' }],
    ],
    [
      'playbook, vscode:copilot/gpt-5,playbook',
      [
        { kind: 'playbook', id: 'playbook' },
        { kind: 'vscode', id: 'vscode:copilot/gpt-5', vendor: 'copilot', family: 'gpt-5' },
      ],
    ],
  ])('%s', (text, specs) => {
    expect(parsePolicies(text)).toEqual(specs);
  });

  it.each(['', 'openai:', 'vscode:copilot', 'vscode:/x', 'gpt-5', 'playbook,,openai:x', 'openai:a b'])(
    '%j is none',
    (text) => {
      expect(() => parsePolicies(text)).toThrow(
        expect.objectContaining({
          code: 'no-such-policy',
          fix: expect.stringContaining('playbook, openai:MODEL, vscode:VENDOR/FAMILY'),
        }),
      );
    },
  );
});

describe('the environment', () => {
  it('gives endpoint, key and headers', () => {
    expect(
      endpointOfEnvironment({
        OPENAI_BASE_URL: ' http://localhost:8000/v1 ',
        OPENAI_API_KEY: 'sk-1',
        OPENAI_CUSTOM_HEADERS: 'X-Team: search\nAuthorization: Basic a:b\nnothing',
      }),
    ).toEqual({
      baseUrl: 'http://localhost:8000/v1',
      apiKey: 'sk-1',
      organization: undefined,
      headers: { 'X-Team': 'search', Authorization: 'Basic a:b' },
    });
    expect(endpointOfEnvironment({ OPENAI_API_KEY: '' })).toEqual({
      baseUrl: 'https://api.openai.com/v1',
      apiKey: undefined,
      organization: undefined,
      headers: {},
    });
  });

  it.each([
    ['http://127.0.0.1:8000', true],
    ['http://localhost:1', true],
    ['http://[::1]:8000', true],
    ['https://localhost.example.com', false],
    ['https://127.0.0.1.example.com', false],
    ['https://api.openai.com', false],
    ['vscode.lm', false],
  ])('%s stays on this machine: %s', (endpoint, expected) => {
    expect(isLoopback(endpoint)).toBe(expected);
  });

  it('names a proxy, which requests to other machines go through and those to this one do not', async () => {
    const server = await startModelServer();
    const { port } = new URL(server.baseUrl);
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (incoming, socket) => {
      asked.push(incoming.url ?? '');
      const out = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        out.pipe(socket).pipe(out);
      });
      for (const end of [out, socket]) end.on('error', () => undefined);
    });
    proxy.on('request', (incoming, response) => {
      asked.push(new URL(incoming.url ?? '').host);
      void forward(incoming, `http://127.0.0.1:${port}${new URL(incoming.url ?? '').pathname}`).then((text) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const restore = useProxyOf({ HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
    try {
      const far = clientOf({ baseUrl: 'http://models.invalid/v1' }, new StillTime());
      expect((await ask(far, request())).completions).toHaveLength(1);
      expect(new Set(asked.map((host) => host.replace(/:80$/, '')))).toEqual(new Set(['models.invalid']));
      asked.length = 0;
      expect((await ask(clientOf(server, new StillTime()), request())).completions).toHaveLength(1);
      expect(asked).toEqual([]);
    } finally {
      restore();
      proxy.closeAllConnections();
      proxy.close();
      await server.close();
    }
  });

  it('without a proxy changes nothing', () => {
    const before = Object.getOwnPropertySymbols(globalThis).map(
      (key) => Reflect.get(globalThis, key) as unknown,
    );
    useProxyOf({ NO_PROXY: '*' })();
    const after = Object.getOwnPropertySymbols(globalThis).map(
      (key) => Reflect.get(globalThis, key) as unknown,
    );
    expect(after).toEqual(before);
  });
});

async function forward(
  incoming: AsyncIterable<Buffer> & { method?: string | undefined },
  url: string,
): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  const response = await fetch(url, {
    method: incoming.method ?? 'GET',
    ...(parts.length > 0 ? { body: Buffer.concat(parts) } : {}),
  });
  return response.text();
}

describe('what servers write', () => {
  it('asks for a wait in one of three ways, or not', () => {
    const wait = (headers: Record<string, string>) => askedWait(new Headers(headers), 1_000_000);
    expect(wait({ 'retry-after': '2.5' })).toBe(2500);
    expect(wait({ 'retry-after': '-1' })).toBe(0);
    expect(wait({ 'retry-after': new Date(1_005_000).toUTCString() })).toBe(5000);
    expect(wait({ 'retry-after': new Date(0).toUTCString() })).toBe(0);
    expect(wait({ 'retry-after-ms': '12', 'retry-after': '99' })).toBe(12);
    expect(wait({ 'retry-after': 'soon' })).toBeNull();
    expect(wait({})).toBeNull();
  });

  it.each([
    [400, 'Only one completion choice is allowed', 'n'],
    [400, "Unsupported value: 'temperature' does not support 0.8 with this model.", 'temperature'],
    [403, 'You are not allowed to request logprobs from this model', 'logprobs'],
    [400, 'n must be at most 1 for this model', 'n'],
    [
      400,
      "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
    ],
    [400, 'Unrecognized request argument supplied: stream_options', 'stream_options'],
    [400, 'this model cannot be used in your country', undefined],
    [403, 'access is not allowed', undefined],
    [400, 'This model supports a maximum context length of 8192 tokens, which is not supported', undefined],
    [500, 'seed is not supported', undefined],
  ])('%s %s: %s', (status, text, parameter) => {
    const sent = ['n', 'temperature', 'seed', 'logprobs', 'stream_options', 'max_tokens'];
    const failure = { kind: 'status', status, text, wait: null } as const;
    expect(
      refusedParameter({ ...failure, parameter: undefined, code: undefined, again: undefined }, sent),
    ).toBe(parameter);
  });

  it('is shown without secrets', () => {
    const scrubber = new Scrubber(['my"se cret', 'x']);
    const text =
      'a my"se cret b my\\"se cret c my%22se%20cret\nBearer abc.def x sk-proj-12345678 Basic YTpi.';
    expect(scrubber.scrub(text)).toBe(
      'a [secret] b [secret] c [secret] Bearer [secret] x [secret] Basic [secret]',
    );
    expect(scrubber.scrub('y'.repeat(900), 100)).toHaveLength(100);
  });

  it('as usage of a request adds up over its completions', () => {
    const price = { prompt: 2, completion: 8 };
    const shares = shareUsage(100, 10, [1, 1, 1], price);
    expect(shares.map((share) => share.completionTokens)).toEqual([3, 4, 3]);
    expect(shares.map((share) => share.promptTokens)).toEqual([100, 0, 0]);
    expect(shares.reduce((sum, share) => sum + share.cost!, 0)).toBeCloseTo((100 * 2 + 10 * 8) / 1e6);
    expect(shareUsage(5, 4, [0, 0], null).map((share) => share.completionTokens)).toEqual([2, 2]);
  });
});
