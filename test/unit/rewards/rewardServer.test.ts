/** The reward endpoint over real HTTP; the judge behind it holds its groups until it is told to let them go. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RewardServer, startRewardServer } from '../../../src/cli/rewards/rewardServer.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { HeldJudge } from './heldJudge.ts';

const token = 'a-token-of-some-length';
let judge: HeldJudge;
let server: RewardServer;
let errors: string[];

async function start(port = 0): Promise<RewardServer> {
  return startRewardServer({
    judge,
    token,
    port,
    mostPending: 3,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (message) => errors.push(message),
    },
  });
}

beforeEach(async () => {
  judge = new HeldJudge();
  errors = [];
  server = await start();
});
afterEach(async () => {
  judge.letGo();
  await server.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly authorization?: string | null;
  readonly agent?: Agent;
}

/** Node's own client: unlike `fetch` it shows what comes while the body is still being sent. */
function ask(asked: Asked): Promise<Answer> {
  const { method = 'POST', path = '/v1/rewards', authorization = `Bearer ${token}` } = asked;
  const headers = { ...asked.headers, ...(authorization === null ? {} : { authorization }) };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${server.url}${path}`, { method, headers, agent: asked.agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
        resolve({ status: response.statusCode!, headers: response.headers, body });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(asked.body);
  });
}

const completions = (...texts: string[]) => ({
  completions: texts.map((text, i) => ({ id: `c${i}`, text })),
});
const post = (body: unknown, more: Asked = {}): Promise<Answer> =>
  ask({ body: JSON.stringify(body), ...more });
const waiting = (count: number): Promise<void> => vi.waitFor(() => expect(judge.pending).toBe(count));

async function judged(body: unknown, more: Asked = {}): Promise<Answer> {
  const answer = post(body, more);
  await vi.waitFor(() => expect(judge.calls.length).toBeGreaterThan(0));
  judge.letGo();
  return answer;
}

describe('POST /v1/rewards', () => {
  it('answers in the order of the request, with the names of the caller', async () => {
    const { status, body } = await judged({
      completions: [
        { id: 'second', text: 'four' },
        { id: 'first', text: 'a' },
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: 1,
      run: 'run-1',
      rewards: [
        { id: 'second', reward: 4, verdict: 'accepted' },
        { id: 'first', reward: 1 },
      ],
    });
  });

  it('hands on module, policy, tokens and log-probabilities; the default is the first module', async () => {
    const policy = { id: 'my-model', version: 'step-12' };
    const completion = { id: 'a', text: 'text', tokenIds: [1, 2], logprobs: [-0.5, -0.25] };
    await judged({ module: 'refinement', policy, completions: [completion] });
    expect(judge.calls[0]).toEqual({ module: 'refinement', policy, completions: [completion] });
    const other = post(completions('text'));
    await waiting(1);
    judge.letGo();
    await other;
    expect(judge.calls[1]).toMatchObject({ module: 'search', policy: undefined });
  });

  it('takes an empty completion: it is worth something too', async () => {
    const { status, body } = await judged(completions(''));
    expect({ status, body }).toMatchObject({ status: 200, body: { rewards: [{ id: 'c0', reward: 0 }] } });
  });

  it('says null where nothing can be said of the code', async () => {
    judge.fails({ reward: null });
    const { status, body } = await judged(completions('text'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ rewards: [{ reward: null, verdict: 'failed' }] });
  });
});

describe('POST /v1/openrlhf', () => {
  const path = '/v1/openrlhf';
  it('judges what stands behind the prompts, and answers with bare numbers', async () => {
    const query = ['Faster!\nfour', '<|im_start|>assistant\nsixsix<|im_end|>'];
    const { status, body } = await judged(
      { query, prompts: ['Faster!\n', 'other'], labels: [null, 1] },
      { path },
    );
    expect(status).toBe(200);
    expect(body).toEqual({ rewards: [4, 6], scores: [4, 6], extra_logs: {} });
    expect(judge.calls[0]?.completions.map(({ text }) => text)).toEqual(['four', 'sixsix']);
  });

  it('asks to come again where nothing can be said of a completion: a number would be a lie', async () => {
    judge.fails({ reward: null });
    const { status, body, headers } = await judged({ query: ['text'] }, { path });
    expect({ status, wait: headers['retry-after'] }).toEqual({ status: 503, wait: '30' });
    expect(body).toMatchObject({ error: { code: 'failed', message: 'no reply within 60 s' } });
  });
});

describe('GET /v1/health', () => {
  it('needs no token, and says what is judged and how much waits', async () => {
    const first = post(completions('a', 'b'));
    await waiting(2);
    const { status, body } = await ask({ method: 'GET', path: '/v1/health', authorization: null });
    expect(status).toBe(200);
    expect(body).toEqual({ version: 1, run: 'run-1', modules: ['search', 'refinement'], pending: 2 });
    judge.letGo();
    await first;
  });
});

describe('what is refused', () => {
  it.each([
    ['no token', null, 'no token was sent'],
    ['a wrong token', 'Bearer another', 'the token is wrong'],
    ['a longer token', `Bearer ${token}x`, 'the token is wrong'],
    ['another scheme', `Basic ${token}`, 'no token was sent'],
  ])('%s: 401', async (_, authorization, message) => {
    const { status, body } = await post(completions('text'), { authorization });
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: { code: 'unauthorized', message } });
    expect(JSON.stringify(body)).not.toContain(token);
    expect(judge.calls).toEqual([]);
  });

  it.each([
    ['not JSON', '{"completions": [', 'body: not JSON'],
    ['no object', '[]', 'body: '],
    ['no completions', '{}', 'completions: '],
    ['an empty list', '{"completions": []}', 'completions: '],
    ['a text that is none', '{"completions": [{"id": "a", "text": 1}]}', 'completions.0.text: '],
    ['an unknown field', JSON.stringify({ ...completions('a'), modul: 'search' }), 'modul'],
    ['an unknown module', JSON.stringify({ ...completions('a'), module: 'sorting' }), 'module: '],
    [
      'a module that it was not started for',
      JSON.stringify({ ...completions('a'), module: 'construction' }),
      'module: this server judges search, refinement, not construction',
    ],
    [
      'too many at once',
      JSON.stringify(completions(...Array.from({ length: 65 }, (__, i) => `t${i}`))),
      'completions: ',
    ],
  ])('%s: 400 with the field', async (_, body, message) => {
    const answer = await ask({ body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: { code: 'bad-request', message: expect.stringContaining(message) as string },
    });
    expect(judge.calls).toEqual([]);
  });

  it.each(['/v2/rewards', '/', '//', '/v1/rewards/'])('%s: 404', async (path) => {
    const { status, body } = await post(completions('text'), { path });
    expect(status).toBe(404);
    expect(body).toMatchObject({ error: { code: 'not-found' } });
  });

  it('a method other than POST: 405', async () => {
    const { status, body } = await ask({ method: 'GET' });
    expect(status).toBe(405);
    expect(body).toMatchObject({ error: { code: 'bad-request', message: '/v1/rewards takes POST' } });
  });

  const tooMuch = Buffer.alloc((64 << 20) + 1, ' ');
  it('a body over the limit: 413, told while it is being sent', async () => {
    const { status, body } = await ask({ body: tooMuch });
    expect(status).toBe(413);
    expect(body).toMatchObject({ error: { code: 'too-large', message: 'a request is at most 64 MiB' } });
  });

  it('a body over the limit that does not say its length: 413', async () => {
    const { status } = await ask({ body: tooMuch, headers: { 'transfer-encoding': 'chunked' } });
    expect(status).toBe(413);
    const { body } = await ask({ method: 'GET', path: '/v1/health' });
    expect(body).toMatchObject({ pending: 0 });
  });

  it('says 503 where the measuring itself cannot go on, with what to do', async () => {
    judge.fails({ error: new UserError('disk-full', 'no space left', 'Free some space.') });
    const { status, body } = await judged(completions('text'));
    expect(status).toBe(503);
    expect(body).toEqual({ error: { code: 'failed', message: 'no space left', fix: 'Free some space.' } });
    expect(errors).toEqual(['no space left']);
  });

  it('says 500 for a bug', async () => {
    judge.fails({ error: new TypeError('x is undefined') });
    expect(await judged(completions('text'))).toMatchObject({
      status: 500,
      body: { error: { code: 'failed' } },
    });
  });
});

describe('back-pressure', () => {
  it('tells a request to come again that finds no room, and takes it when there is', async () => {
    const first = post(completions('a', 'bb'));
    await waiting(2);
    const busy = await post(completions('ccc', 'dddd'));
    expect(busy.status).toBe(429);
    expect(Number(busy.headers['retry-after'])).toBe(42);
    expect(busy.body).toMatchObject({
      error: { code: 'busy', message: '2 completions wait to be judged, and 2 more would pass 3' },
    });
    judge.letGo();
    await first;
    const again = post(completions('ccc', 'dddd'));
    await waiting(2);
    judge.letGo();
    expect((await again).body).toMatchObject({ rewards: [{ reward: 3 }, { reward: 4 }] });
  });

  it('answers at once what was judged, however much waits', async () => {
    await judged(completions('old'));
    const waits = post(completions('a', 'b', 'c'));
    await waiting(3);
    expect(await post(completions('old'))).toMatchObject({ status: 200, body: { rewards: [{ reward: 3 }] } });
    expect((await post(completions('old', 'new'))).status).toBe(429);
    judge.letGo();
    await waits;
  });

  it('joins who asks for what is being judged', async () => {
    const first = post(completions('a', 'b', 'c'));
    await waiting(3);
    const second = post(completions('c', 'a'));
    await vi.waitFor(() => expect(judge.calls).toHaveLength(2));
    expect(judge.pending).toBe(3);
    judge.letGo();
    expect((await second).body).toMatchObject({ rewards: [{ id: 'c0', reward: 1 }, { id: 'c1' }] });
    expect((await first).status).toBe(200);
  });

  it('takes a group larger than the limit while nothing waits: it would never find room', async () => {
    expect((await judged(completions('a', 'b', 'c', 'd', 'e'))).status).toBe(200);
  });
});

describe('closing', () => {
  it('answers what is under way, takes nothing new, and waits for no idle connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const first = post(completions('text'), { agent });
      await waiting(1);
      // Waits for the connection of the first one, which the server then does not keep.
      let isClosed = false;
      const closed = server.close().then(() => {
        isClosed = true;
      });
      await expect(post(completions('late'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(isClosed).toBe(false);
      judge.letGo();
      const { status, headers } = await first;
      expect({ status, connection: headers.connection }).toEqual({ status: 200, connection: 'close' });
      await closed;
    } finally {
      agent.destroy();
    }
  });

  /** A client that has sent its headers and half of its body. */
  async function stalled(body: string): Promise<{ readonly socket: Socket; readonly answer: () => string }> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    const head = [
      'POST /v1/rewards HTTP/1.1',
      'host: localhost',
      `authorization: Bearer ${token}`,
      `content-length: ${body.length}`,
      // Its answer says that the server is reading the body.
      'expect: 100-continue',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, body.length / 2)}`);
    await vi.waitFor(() => expect(answer).toContain('100 Continue'));
    return { socket, answer: () => answer };
  }

  it('does not wait for a client that stalls in the middle of its body', async () => {
    const { socket, answer } = await stalled(JSON.stringify(completions('text')));
    const gone = once(socket, 'close');
    await server.close();
    await gone;
    expect(answer()).not.toContain('200 OK');
    expect(judge.calls).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('begins no judging for a body that ends after it was told to close', async () => {
    const body = JSON.stringify(completions('text'));
    const { socket, answer } = await stalled(body);
    const gone = once(socket, 'close');
    const closed = server.close();
    socket.write(body.slice(body.length / 2));
    await Promise.all([gone, closed]);
    expect(answer()).toContain('503 Service Unavailable');
    expect(answer()).toContain('"code":"stopping"');
    expect(judge.calls).toEqual([]);
  });

  it('says so where judging was cut off', async () => {
    judge.fails({ error: Object.assign(new Error('aborted'), { name: 'AbortError' }) });
    const { status, body, headers } = await judged(completions('text'));
    expect({ status, wait: headers['retry-after'] }).toEqual({ status: 503, wait: '5' });
    expect(body).toMatchObject({ error: { code: 'stopping' } });
    expect(errors).toEqual([]);
  });

  it('goes on judging for a client that went away', async () => {
    const controller = new AbortController();
    const gone = fetch(`${server.url}/v1/rewards`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(completions('text')),
      signal: controller.signal,
    });
    await waiting(1);
    controller.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    judge.letGo();
    expect(await post(completions('text'))).toMatchObject({
      status: 200,
      body: { rewards: [{ reward: 4 }] },
    });
    expect(errors).toEqual([]);
  });
});

it('says that a port is in use', async () => {
  const port = Number(new URL(server.url).port);
  await expect(start(port)).rejects.toMatchObject({
    code: 'port-in-use',
    message: `port ${port} is in use`,
    fix: expect.stringContaining('--port') as string,
  });
});

it('listens on the loopback interface alone', () => {
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
});
