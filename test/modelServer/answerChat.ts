import type { ServerResponse } from 'node:http';
import type { Behaviour, ChatBody, ModelServerOptions } from './behaviour.ts';
import { type RecordedToken, tokensOf } from './tokens.ts';

/** Tokens in one chunk of a stream. */
const chunkTokens = 8;

/** The error that a request meets before anything is made for it. `body`: of chat requests. */
export function refusal(
  options: ModelServerOptions,
  authorization: string | undefined,
  body: ChatBody | undefined,
): { readonly status: number; readonly body: unknown } | undefined {
  if (options.key !== undefined && authorization !== `Bearer ${options.key}`) {
    const message = `Incorrect API key provided: ${authorization ?? 'none'}.`;
    return {
      status: 401,
      body: { error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } },
    };
  }
  if (body === undefined) return undefined;
  if (options.model !== undefined && body.model !== options.model) {
    const message = `The model \`${body.model}\` does not exist.`;
    return { status: 404, body: { error: { message, code: 'model_not_found' } } };
  }
  const refused = [
    ...(options.refuses ?? []),
    ...(options.n === 'refused' ? ['n'] : []),
    ...(options.logprobs === 'refused' ? ['logprobs'] : []),
    ...(options.usage === 'refused' ? ['stream_options'] : []),
  ].find((name) => name in body);
  if (refused === undefined) return undefined;
  const message = `Unsupported parameter: '${refused}' is not supported with this model.`;
  return {
    status: 400,
    body: {
      error: { message, type: 'invalid_request_error', param: refused, code: 'unsupported_parameter' },
    },
  };
}

/** Answers by `behaviour`; `next` gives the recorded completion that is due. */
export function answerChat(
  response: ServerResponse,
  body: ChatBody,
  behaviour: Exclude<Behaviour, { kind: 'status' }>,
  options: ModelServerOptions,
  next: () => string,
): void {
  if (behaviour.kind === 'page') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html><body>Please sign in</body></html>');
    return;
  }
  const n = options.n === 'ignored' ? 1 : (body.n ?? 1);
  const texts = Array.from(
    { length: n },
    () => (behaviour.kind === 'answer' ? behaviour.text : undefined) ?? next(),
  );
  const choices = texts.map((text) => tokensOf(text));
  const stream = new ChatStream(response, body, options, choices);
  if (behaviour.kind === 'answer') {
    const finish = behaviour.finish ?? 'stop';
    if (options.whole === true) stream.whole(finish);
    else stream.all(finish);
    return;
  }
  stream.begin();
  if (behaviour.kind === 'error-in-stream') {
    stream.raw(JSON.stringify({ error: behaviour.error }));
    response.end();
    return;
  }
  if (behaviour.after === 'text') stream.someText();
  // Stalled: nothing more comes, and the connection stays open.
  if (behaviour.kind === 'truncate') response.end();
  if (behaviour.kind === 'reset') stream.flushed(() => response.destroy());
  if (behaviour.kind === 'invalid-json') {
    stream.raw('{"choices": [{"index": 0, "delta": {"content": "half');
    response.end();
  }
}

class ChatStream {
  readonly #response: ServerResponse;
  readonly #body: ChatBody;
  readonly #options: ModelServerOptions;
  readonly #choices: readonly RecordedToken[][];

  constructor(
    response: ServerResponse,
    body: ChatBody,
    options: ModelServerOptions,
    choices: readonly RecordedToken[][],
  ) {
    this.#response = response;
    this.#body = body;
    this.#options = options;
    this.#choices = choices;
  }

  begin(): void {
    this.#response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#response.flushHeaders();
  }

  raw(data: string): void {
    this.#response.write(`data: ${data}\n\n`);
  }

  /** Calls back when what was written has left. */
  flushed(then: () => void): void {
    this.#response.write(': \n\n', then);
  }

  someText(): void {
    this.#choices.forEach((tokens, index) => {
      this.#send([this.#choice(index, tokens.slice(0, chunkTokens), null)]);
    });
  }

  /** The choices take turns, as in a real stream. */
  all(finish: string): void {
    this.begin();
    const longest = Math.max(...this.#choices.map((tokens) => tokens.length));
    for (let at = 0; at < longest; at += chunkTokens) {
      this.#choices.forEach((tokens, index) => {
        const part = tokens.slice(at, at + chunkTokens);
        if (part.length > 0) this.#send([this.#choice(index, part, null)]);
      });
    }
    this.#choices.forEach((_, index) => {
      this.#send([this.#choice(index, [], finish)]);
    });
    if (this.#body.stream_options?.include_usage === true && this.#options.usage !== 'ignored') {
      this.#send([], { usage: this.#usage() });
    }
    this.raw('[DONE]');
    this.#response.end();
  }

  whole(finish: string): void {
    const choices = this.#choices.map((tokens, index) => {
      const { delta, ...rest } = this.#choice(index, tokens, finish);
      return { ...rest, message: { role: 'assistant', ...delta } };
    });
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.end(JSON.stringify({ ...this.#head('chat.completion'), choices, usage: this.#usage() }));
  }

  #send(choices: readonly object[], more = {}): void {
    this.raw(JSON.stringify({ ...this.#head('chat.completion.chunk'), choices, ...more }));
  }

  #head(object: string): object {
    return { id: 'chatcmpl-test', object, created: 0, model: this.#body.model };
  }

  #choice(index: number, tokens: readonly RecordedToken[], finish: string | null) {
    const withLogprobs = this.#body.logprobs === true && this.#options.logprobs !== 'ignored';
    const content = tokens.map(({ text, logprob }) => ({
      token: text,
      logprob,
      bytes: null,
      top_logprobs: [],
    }));
    return {
      index,
      delta: { content: tokens.map((token) => token.text).join('') },
      finish_reason: finish,
      logprobs: withLogprobs ? { content } : null,
      ...(this.#options.tokenIds === true && this.#body.return_token_ids === true
        ? { token_ids: tokens.map((token) => token.id) }
        : {}),
    };
  }

  #usage(): object {
    const prompt = tokensOf(this.#body.messages.map((message) => message.content).join('\n')).length;
    const completion = this.#choices.reduce((sum, tokens) => sum + tokens.length, 0);
    return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  }
}
