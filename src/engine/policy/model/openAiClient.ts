import type OpenAI from 'openai';
import type {
  CompleteOptions,
  ModelClient,
  ModelCompletion,
  ModelEvent,
  ModelRequest,
} from '../../../protocol/model.ts';
import { UserError } from '../../errors.ts';
import { Capabilities } from './capabilities.ts';
import { type ChatAnswer, type ChatContext, chat } from './chatRequests.ts';
import { CompletionQueue } from './completionQueue.ts';
import {
  defaultBaseUrl,
  defaultTimeouts,
  type ModelTimeouts,
  type OpenAiOptions,
  realWait,
  type Wait,
} from './openAiOptions.ts';
import { openTransport } from './openAiTransport.ts';
import { Scrubber, secretsOf } from './scrub.ts';
import { isVllm } from './serverKind.ts';
import { estimateTokens, shareUsage, type TokenPrice } from './usage.ts';

/** OpenAI's own API prefers the newer name of the length limit, and is known not to be vLLM. */
const openAi = new URL(defaultBaseUrl).origin;
/** How long the list of models may take. Milliseconds. */
const probePatience = 5_000;

/**
 * A model behind any endpoint that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama, LM Studio,
 * OpenRouter, a company's gateway. Streams; finds out by asking which parameters the server takes; uses `n` where the
 * server has it and parallel requests otherwise; makes requests again after failures that may pass. A completion whose
 * stream breaks off after some text is `cut`. Token counts are the server's, or else estimated at four characters each.
 * Throws UserError `model-endpoint` where the base URL is none.
 */
export function createOpenAiClient(options: OpenAiOptions): ModelClient {
  return new OpenAiClient(options);
}

class OpenAiClient implements ModelClient {
  readonly id: string;
  readonly endpoint: string;
  readonly #options: OpenAiOptions;
  readonly #url: URL;
  readonly #timeouts: ModelTimeouts;
  readonly #wait: Wait;
  readonly #price: TokenPrice | null;
  readonly #capabilities: Capabilities;
  readonly #scrubber: Scrubber;
  #transport: Promise<OpenAI> | undefined;
  #probed = false;

  constructor(options: OpenAiOptions) {
    const url = endpointUrl(options.baseUrl ?? defaultBaseUrl);
    this.id = `openai:${options.model}`;
    this.endpoint = url.origin;
    this.#options = options;
    this.#url = url;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#wait = options.wait ?? realWait;
    this.#price = options.price ?? null;
    this.#capabilities = new Capabilities(this.endpoint === openAi);
    // Some gateways take their key in the URL.
    this.#scrubber = new Scrubber([
      ...secretsOf(options.apiKey, options.headers ?? {}),
      ...url.searchParams.values(),
    ]);
  }

  get dropped(): readonly string[] {
    return this.#capabilities.dropped;
  }

  async *complete(request: ModelRequest, options: CompleteOptions = {}): AsyncGenerator<ModelCompletion> {
    options.signal?.throwIfAborted();
    const left = new AbortController();
    const signal =
      options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
    const queue = new CompletionQueue<ModelCompletion>();
    const work = this.#work(request, signal, options.onEvent ?? (() => undefined), queue).then(
      () => queue.close(),
      (error: unknown) => queue.close(error),
    );
    try {
      yield* queue;
    } finally {
      // Whoever stops reading stops the requests.
      left.abort();
      await work;
    }
  }

  async #work(
    request: ModelRequest,
    signal: AbortSignal,
    emit: (event: ModelEvent) => void,
    queue: CompletionQueue<ModelCompletion>,
  ): Promise<void> {
    const context = await this.#context(signal);
    let missing = Array.from({ length: request.n }, (_, index) => index);
    const take = (answer: ChatAnswer): void => {
      missing = missing.filter((index) => !answer.answers.has(index));
      for (const completion of this.#completions(request, answer)) queue.push(completion);
    };

    if (request.n > 1 && this.#capabilities.takes('n')) {
      const answer = await chat(context, request, missing, signal, emit);
      if (answer !== undefined) {
        take(answer);
        const got = answer.answers.size;
        if (answer.whole && got < request.n && this.#capabilities.drop('n')) {
          const why = `the server gave ${got} of ${request.n} completions`;
          emit({ kind: 'dropped', parameter: 'n', why });
        }
      }
    }
    await this.#oneByOne(context, request, [...missing], signal, emit, take);
  }

  /** A request for each of `numbers`, some at a time. Throws where none of the whole request could be had. */
  async #oneByOne(
    context: ChatContext,
    request: ModelRequest,
    numbers: readonly number[],
    signal: AbortSignal,
    emit: (event: ModelEvent) => void,
    take: (answer: ChatAnswer) => void,
  ): Promise<void> {
    const waiting = [...numbers];
    const errors: unknown[] = [];
    let had = request.n - numbers.length;
    const worker = async (): Promise<void> => {
      // What one request could not get after retries the next will not get either.
      while (errors.length === 0 && waiting.length > 0) {
        try {
          const answer = await chat(context, request, [waiting.shift()!], signal, emit);
          if (answer === undefined) continue;
          take(answer);
          had += answer.answers.size;
        } catch (error) {
          errors.push(error);
        }
      }
    };
    const width = Math.min(this.#options.concurrency ?? 4, waiting.length);
    await Promise.all(Array.from({ length: width }, worker));
    signal.throwIfAborted();
    const bug = errors.find((error) => !(error instanceof UserError));
    if (bug !== undefined) throw bug;
    if (had === 0 && errors.length > 0) throw errors[0];
  }

  #completions(request: ModelRequest, { answers, usage }: ChatAnswer): ModelCompletion[] {
    const all = [...answers.values()];
    const weights = all.map(
      ({ text, tokenIds, logprobs }) => tokenIds.length || logprobs.length || estimateTokens(text),
    );
    const prompt = estimateTokens(request.messages.map((message) => message.content).join(''));
    const shares = shareUsage(
      usage?.prompt ?? prompt,
      usage?.completion ?? weights.reduce((a, b) => a + b, 0),
      weights,
      this.#price,
    );
    return all.map((answer, i) => ({ ...answer, finish: answer.finish ?? 'cut', usage: shares[i]! }));
  }

  async #context(signal: AbortSignal): Promise<ChatContext> {
    const { model, apiKey, clock, random, maxRetries } = this.#options;
    this.#transport ??= openTransport(this.#options, this.#url, this.#timeouts.total);
    const transport = await this.#transport;
    if (!this.#probed && this.endpoint !== openAi) await this.#probe(transport, signal);
    return {
      transport,
      target: { model, endpoint: this.endpoint, hasKey: apiKey !== undefined },
      capabilities: this.#capabilities,
      scrubber: this.#scrubber,
      timeouts: this.#timeouts,
      maxRetries: maxRetries ?? 5,
      clock,
      random,
      wait: this.#wait,
    };
  }

  async #probe(transport: OpenAI, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const done = new AbortController();
    void this.#wait(probePatience, done.signal).then(
      () => over.abort(),
      () => undefined,
    );
    this.#capabilities.tokenIds = await isVllm(transport, AbortSignal.any([signal, over.signal]));
    done.abort();
    signal.throwIfAborted();
    this.#probed = true;
  }
}

/** Throws UserError without the text itself where it could hold a password. */
function endpointUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UserError(
      'model-endpoint',
      `the base URL of the model’s endpoint is none: ${/[@?]/.test(text) ? 'it cannot be read' : text}`,
      'Set OPENAI_BASE_URL, or the setting, to a URL such as https://api.openai.com/v1.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError(
      'model-endpoint',
      `the base URL of ${url.host} holds a user name or password`,
      'Take them out of the URL and set the key by OPENAI_API_KEY.',
    );
  }
  return url;
}
