import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { errorText, isAbort, UserError } from '../../engine/errors.ts';
import type { Judge } from '../../engine/judge.ts';
import type { Logger } from '../../engine/ports.ts';
import type { ModuleName } from '../../protocol/module.ts';
import {
  openRlhfRequestSchema,
  type RewardsError,
  type RewardsResponse,
  rewardsRequestSchema,
  rewardsVersion,
} from '../../protocol/rewards.ts';
import { answerAfterPrompt } from './answerAfterPrompt.ts';

/** What the server needs of a judge. */
export type RewardJudge = Pick<
  Judge,
  'modules' | 'runId' | 'pending' | 'expectedSeconds' | 'newAmong' | 'reward' | 'idle'
>;

export interface RewardServerOptions {
  readonly judge: RewardJudge;
  readonly token: string;
  /** 0: any free one. */
  readonly port: number;
  /** Completions that may wait; a request that would pass it is told to come again. */
  readonly mostPending: number;
  readonly logger: Logger;
}

export interface RewardServer {
  readonly url: string;
  /**
   * Takes no further requests; resolves when those under way are answered. Who has not sent the whole of a request, or does
   * not take its answer, is waited for a few seconds only.
   */
  close(): Promise<void>;
}

const largestBody = 64 << 20;
/** When everything is judged, clients have this long to take their answers before their connections are cut. */
const partingMs = 3_000;

class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string;
  readonly retryAfter: number | undefined;

  constructor(status: number, code: string, message: string, fix: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.fix = fix;
    this.retryAfter = retryAfter;
  }
}

/** The reward endpoint over HTTP, on the loopback interface alone. See `protocol/rewards.ts` for its contract. */
export async function startRewardServer(options: RewardServerOptions): Promise<RewardServer> {
  const { judge, logger } = options;
  let closing = false;
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown, headers?: Record<string, string>): void => {
      // A connection that is kept open would keep the server from closing.
      if (closing) response.shouldKeepAlive = false;
      send(response, status, body, headers);
    };
    const answered = closing ? Promise.reject(stopping()) : answer(options, request, () => closing);
    answered
      .then((body) => reply(200, body))
      .catch((error: unknown) => {
        // The client is gone.
        if (response.destroyed) return;
        const refused = refusalOf(error);
        if (refused.status >= 500 && refused.code !== 'stopping') logger.error(refused.message);
        // What is left of a body that was not read to its end.
        request.resume();
        const body: RewardsError = {
          error: { code: refused.code, message: refused.message, fix: refused.fix },
        };
        const wait = refused.retryAfter === undefined ? {} : { 'retry-after': String(refused.retryAfter) };
        reply(refused.status, body, wait);
      });
  });
  // For receiving a request. Answering it takes minutes, and there it is the client's time-out that counts.
  server.requestTimeout = 300_000;
  server.headersTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new UserError(
              'port-in-use',
              `port ${options.port} is in use`,
              'Choose another with --port, or 0 for any.',
            )
          : error,
      ),
    );
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await judge.idle();
      const cut = setTimeout(() => server.closeAllConnections(), partingMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

async function answer(
  options: RewardServerOptions,
  request: IncomingMessage,
  isClosing: () => boolean,
): Promise<unknown> {
  const { judge } = options;
  const path = (request.url ?? '/').split('?')[0]!;
  if (request.method === 'GET' && path === '/v1/health') {
    return { version: rewardsVersion, run: judge.runId, modules: judge.modules, pending: judge.pending };
  }
  requireToken(request, options.token);
  if (path !== '/v1/rewards' && path !== '/v1/openrlhf') {
    throw new Refused(
      404,
      'not-found',
      `there is no ${path}`,
      'Use POST /v1/rewards, POST /v1/openrlhf or GET /v1/health.',
    );
  }
  if (request.method !== 'POST') {
    throw new Refused(405, 'bad-request', `${path} takes POST`, 'Send the completions as JSON with POST.');
  }
  const body = await jsonOf(request);
  // Nobody would wait for what is begun now.
  if (isClosing()) throw stopping();
  return path === '/v1/rewards' ? rewards(options, body) : openRlhf(options, body);
}

async function rewards(options: RewardServerOptions, body: unknown): Promise<RewardsResponse> {
  const { judge } = options;
  const { module = judge.modules[0]!, policy, completions } = checked(rewardsRequestSchema, body);
  requireModule(judge, module);
  requireRoom(
    options,
    module,
    completions.map(({ text }) => text),
  );
  return {
    version: rewardsVersion,
    run: judge.runId,
    rewards: await judge.reward(module, completions, policy),
  };
}

/** OpenRLHF takes one list of numbers, and the same as scores for its logs. */
async function openRlhf(options: RewardServerOptions, body: unknown): Promise<unknown> {
  const { judge } = options;
  const module = judge.modules[0]!;
  const { query, prompts } = checked(openRlhfRequestSchema, body);
  const completions = query.map((whole, i) => ({
    id: String(i),
    text: answerAfterPrompt(whole, prompts?.[i]),
  }));
  requireRoom(
    options,
    module,
    completions.map(({ text }) => text),
  );
  const judged = await judge.reward(module, completions);
  const failed = judged.find(({ reward }) => reward === null);
  if (failed !== undefined)
    throw new Refused(503, 'failed', failed.detail, 'Ask again; nothing was said of the code.', 30);
  const values = judged.map(({ reward }) => reward);
  return { rewards: values, scores: values, extra_logs: {} };
}

function requireToken({ headers }: IncomingMessage, token: string): void {
  const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new Refused(
    401,
    'unauthorized',
    given === '' ? 'no token was sent' : 'the token is wrong',
    'Send the header `Authorization: Bearer TOKEN` with the value of $ANNSMITH_REWARD_TOKEN.',
  );
}

function requireModule({ modules }: RewardJudge, module: ModuleName): void {
  if (modules.includes(module)) return;
  throw new Refused(
    400,
    'bad-request',
    `module: this server judges ${modules.join(', ')}, not ${module}`,
    'Start it with --module naming this one too.',
  );
}

/** What was judged before costs nothing; what is new must find room. */
function requireRoom(
  { judge, mostPending }: RewardServerOptions,
  module: ModuleName,
  texts: readonly string[],
): void {
  const fresh = judge.newAmong(module, texts);
  if (fresh === 0 || judge.pending === 0 || judge.pending + fresh <= mostPending) return;
  throw new Refused(
    429,
    'busy',
    `${judge.pending} completions wait to be judged, and ${fresh} more would pass ${mostPending}`,
    'Send them again after the time in Retry-After; what was judged by then is answered at once.',
    Math.max(1, judge.expectedSeconds),
  );
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Refused(
    400,
    'bad-request',
    `${issue?.path.join('.') || 'body'}: ${issue?.message}`,
    'See the contract of the reward endpoint in the README.',
  );
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  if (Number(request.headers['content-length'] ?? 0) > largestBody) throw tooLarge();
  // The connection stays, so that the client can be told.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += (part as Buffer).length;
    if (size > largestBody) throw tooLarge();
    parts.push(part as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    throw new Refused(400, 'bad-request', `body: not JSON (${errorText(error)})`, 'Send one JSON object.');
  }
}

function tooLarge(): Refused {
  return new Refused(
    413,
    'too-large',
    `a request is at most ${largestBody >> 20} MiB`,
    'Send fewer completions at once.',
  );
}

function stopping(): Refused {
  return new Refused(
    503,
    'stopping',
    'the server is stopping',
    'Start it again; what was judged is in the ledger.',
    5,
  );
}

function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof UserError) return new Refused(503, 'failed', error.message, error.fix);
  if (isAbort(error)) return stopping();
  return new Refused(500, 'failed', errorText(error), 'See the log of the server.');
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
