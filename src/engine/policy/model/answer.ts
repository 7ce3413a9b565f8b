import type { FinishReason } from '../../../protocol/model.ts';

/** A completion as far as it has come. */
export interface PartialAnswer {
  readonly text: string;
  readonly finish: FinishReason | null;
  readonly tokenIds: readonly number[];
  readonly logprobs: readonly number[];
}

/** A piece of a stream that is none. */
export class NotAChunk extends SyntaxError {}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Gathers the chunks of one response. What servers send differs: nothing is taken for granted. */
export class AnswerCollector {
  readonly #choices = new Map<number, Choice>();
  readonly #onText: (choice: number, text: string) => void;
  #usage: { readonly prompt: number; readonly completion: number } | null = null;

  constructor(onText: (choice: number, text: string) => void) {
    this.#onText = onText;
  }

  /** A chunk, or a whole response that was not streamed. Throws NotAChunk. */
  add(chunk: unknown): void {
    if (!isFields(chunk)) throw new NotAChunk('a piece of the stream is no JSON object');
    const { choices, usage } = chunk;
    if (isFields(usage)) {
      const { prompt_tokens: prompt, completion_tokens: completion } = usage;
      if (isCount(prompt) && isCount(completion)) this.#usage = { prompt, completion };
    }
    for (const part of Array.isArray(choices) ? choices : []) {
      if (!isFields(part)) throw new NotAChunk('a choice is no JSON object');
      const index = isCount(part['index']) ? part['index'] : 0;
      const choice = this.#choices.get(index) ?? new Choice();
      this.#choices.set(index, choice);
      const text = choice.add(part);
      if (text !== '') this.#onText(index, text);
    }
  }

  get usage(): { readonly prompt: number; readonly completion: number } | null {
    return this.#usage;
  }

  /** By number of the choice; without those that have neither text nor an end. */
  answers(): Map<number, PartialAnswer> {
    const begun = [...this.#choices].filter(([, choice]) => choice.text !== '' || choice.finish !== null);
    return new Map(begun.sort(([a], [b]) => a - b).map(([index, choice]) => [index, choice.answer()]));
  }
}

class Choice {
  text = '';
  finish: FinishReason | null = null;
  readonly #logprobs: number[] = [];
  readonly #ids: number[] = [];
  /** Ids that came with the logprobs, where the server sends no list of its own. */
  readonly #idsOfLogprobs: number[] = [];

  /** Returns the new text. */
  add(part: Fields): string {
    const message = isFields(part['delta']) ? part['delta'] : part['message'];
    const content = isFields(message) ? message['content'] : undefined;
    const text = typeof content === 'string' ? content : '';
    this.text += text;
    const { finish_reason: finish, token_ids: ids, logprobs } = part;
    if (typeof finish === 'string') this.finish = finishOf(finish);
    if (isFields(message) && typeof message['refusal'] === 'string') this.finish = 'filtered';
    if (Array.isArray(ids)) this.#ids.push(...ids.filter(isCount));
    const tokens = isFields(logprobs) ? logprobs['content'] : undefined;
    for (const token of Array.isArray(tokens) ? tokens : []) this.#addToken(token);
    return text;
  }

  answer(): PartialAnswer {
    // One for each token, or nothing: what trains on them pairs them.
    const known = this.#logprobs.every(Number.isFinite);
    const logprobs = known ? this.#logprobs : [];
    const ids = this.#ids.length > 0 ? this.#ids : this.#idsOfLogprobs;
    const paired = logprobs.length === 0 || ids.length === logprobs.length;
    return { text: this.text, finish: this.finish, tokenIds: paired ? ids : [], logprobs };
  }

  #addToken(token: unknown): void {
    if (!isFields(token)) return;
    const { logprob, id, token: written } = token;
    this.#logprobs.push(typeof logprob === 'number' ? logprob : Number.NaN);
    // llama.cpp sends `id`; vLLM, asked for it, writes the token as `token_id:17`.
    const ofText = typeof written === 'string' ? /^token_id:(\d+)$/.exec(written)?.[1] : undefined;
    if (isCount(id)) this.#idsOfLogprobs.push(id);
    else if (ofText !== undefined) this.#idsOfLogprobs.push(Number(ofText));
  }
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function finishOf(reason: string): FinishReason {
  if (reason === 'length' || reason === 'max_tokens') return 'length';
  if (reason === 'content_filter' || reason === 'safety') return 'filtered';
  // A stream that a server ends for an error of its own.
  if (reason === 'error' || reason === 'abort') return 'cut';
  return 'stop';
}
