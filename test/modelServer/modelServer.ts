/** A server that speaks OpenAI's chat completions over HTTP on 127.0.0.1, from recorded completions. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerChat, refusal } from './answerChat.ts';
import type {
  Behaviour,
  ChatBody,
  ModelServerOptions,
  ModuleOfPrompt,
  ReceivedRequest,
} from './behaviour.ts';

export interface ModelServer {
  /** Up to and with `/v1`. */
  readonly baseUrl: string;
  /** Chat requests in the order in which they came. */
  readonly requests: readonly ReceivedRequest[];
  /** Everything else, such as the list of models. */
  readonly others: readonly ReceivedRequest[];
  /** Resolves when `count` chat requests have come in all. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const requests: ReceivedRequest[] = [];
  const others: ReceivedRequest[] = [];
  const watchers: { readonly count: number; readonly wake: () => void }[] = [];
  const turns = new Map<ModuleOfPrompt, number>();

  const next = (module: ModuleOfPrompt): string => {
    const own = options.completions?.[module];
    const [key, texts] =
      own === undefined ? (['any', options.completions?.any] as const) : ([module, own] as const);
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return texts?.[turn % texts.length] ?? `Completion ${turn + 1}: nothing was recorded for this prompt.`;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = new Promise<'answered' | 'gone'>((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'answered' : 'gone'));
    });
    const text = await bodyOf(request);
    const { method = '', url = '', headers } = request;
    const chat = method === 'POST' && /^\/v1\/chat\/completions(?:\?|$)/.test(url);
    const body = (chat ? parse(text) : {}) as ChatBody;
    (chat ? requests : others).push({ method, path: url, headers, text, body, closed });
    for (const { count, wake } of watchers) if (requests.length >= count) wake();

    const error = refusal(options, headers.authorization, chat ? body : undefined);
    if (error !== undefined) return sendJson(response, error.status, error.body);
    if (!chat) return sendOther(response, url, options);
    const behaviour: Behaviour = options.script?.[requests.length - 1] ?? { kind: 'answer' };
    if (behaviour.kind === 'status') {
      const said = behaviour.body ?? { error: { message: `scripted ${behaviour.status}` } };
      return sendJson(response, behaviour.status, said, behaviour.headers);
    }
    const module = moduleOf(body);
    answerChat(response, body, behaviour, options, () => next(module));
  };

  const server = createServer((request, response) => {
    // A client that leaves while it still sends is no concern of the test's.
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    others,
    arrived: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else watchers.push({ count, wake: resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The module that a prompt is about: the first that it calls one. */
export function moduleOf(body: ChatBody): ModuleOfPrompt {
  const text = body.messages.map((message) => message.content).join('\n');
  const found =
    /\b(construction|search|refinement)["'`*]* module\b|\bmodule:?\s+["'`*]*(construction|search|refinement)\b/i.exec(
      text,
    );
  return ((found?.[1] ?? found?.[2])?.toLowerCase() ?? 'any') as ModuleOfPrompt;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { messages: [] };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function sendOther(response: ServerResponse, url: string, options: ModelServerOptions): void {
  if (url !== '/v1/models') {
    sendJson(response, 404, { error: { message: `no such path: ${url}` } });
    return;
  }
  const model = { id: options.model ?? 'test-model', object: 'model', created: 0 };
  const owner = options.tokenIds === true ? 'vllm' : 'annsmith-tests';
  sendJson(response, 200, { object: 'list', data: [{ ...model, owned_by: owner }] });
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
