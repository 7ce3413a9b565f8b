import type { ModelRequest } from '../../../protocol/model.ts';
import type { Failure } from './failure.ts';

/** What a request can do without, the least needed first: the order in which it is taken out of one that is refused. */
const parameters = [
  'return_token_ids',
  'return_tokens_as_token_ids',
  'logprobs',
  'seed',
  'stream_options',
  'n',
  'temperature',
  'max_tokens',
  'max_completion_tokens',
] as const;
export type Parameter = (typeof parameters)[number];

const lengthLimits: readonly Parameter[] = ['max_tokens', 'max_completion_tokens'];

/** How refusals name a parameter other than by its name as a whole word. */
const otherNames: Partial<Readonly<Record<Parameter, RegExp>>> = {
  // As a word of its own `n` is in many a sentence.
  n: /["'`]n["'`]|(?:^|[\s[(])n(?=\s*(?:=|>|:|\]|is not|must|should|parameter|greater))|completion choice|multiple (?:choices|completions)/i,
  stream_options: /stream_options|include_usage/,
};

const notTaken =
  /un-?support|not (?:be )?(?:support|permit|allow|recogni|implement)|unrecogni|unknown|unexpected|invalid parameter|extra (?:inputs|fields)|instead/i;
const tooLong =
  /context (?:length|window|size)|too (?:long|large|many tokens)|maximum (?:context|number of tokens)/i;

/** What one server takes for one model, found out by asking. */
export class Capabilities {
  readonly #dropped: string[] = [];
  readonly #newLengthLimit: boolean;
  /** Answers come with token ids where they are asked for as vLLM wants it. */
  tokenIds = false;

  /** `newLengthLimit`: the server is known to prefer `max_completion_tokens`; elsewhere `max_tokens` is tried first. */
  constructor(newLengthLimit: boolean) {
    this.#newLengthLimit = newLengthLimit;
  }

  get dropped(): readonly string[] {
    return [...this.#dropped];
  }

  takes(parameter: Parameter): boolean {
    return !this.#dropped.includes(parameter);
  }

  /** False where it was dropped before. */
  drop(parameter: Parameter): boolean {
    if (!this.takes(parameter)) return false;
    this.#dropped.push(parameter);
    return true;
  }

  /** The optional parameters of a request for `n` completions, the first of which is number `first` of `request`. */
  parameters(request: ModelRequest, n: number, first: number): Partial<Record<Parameter, unknown>> {
    const wanted: Partial<Record<Parameter, unknown>> = {
      temperature: request.temperature,
      // Requests of their own for one prompt: with the same seed they would give the same text.
      seed: (request.seed + first) % 2 ** 31,
      logprobs: true,
      stream_options: { include_usage: true },
      ...(n > 1 ? { n } : {}),
      ...(this.tokenIds ? { return_token_ids: true, return_tokens_as_token_ids: true } : {}),
    };
    const limits = this.#newLengthLimit ? lengthLimits.toReversed() : lengthLimits;
    const limit = limits.find((name) => this.takes(name));
    if (limit !== undefined) wanted[limit] = request.maxTokens;
    return Object.fromEntries(Object.entries(wanted).filter(([name]) => this.takes(name as Parameter)));
  }
}

/**
 * The parameter among those `sent` that a refusal is about: the one that it names, or, where it only says that something
 * is not supported, the one that is needed least. Undefined: the refusal is about something else.
 */
export function refusedParameter(failure: Failure, sent: readonly string[]): Parameter | undefined {
  if (failure.kind !== 'status' || ![400, 403, 422, 501].includes(failure.status)) return undefined;
  const { text } = failure;
  const candidates = parameters.filter((name) => sent.includes(name));
  const named = candidates.find((name) => name === failure.parameter) ?? firstNamed(candidates, text);
  if (named !== undefined) {
    // A length that does not fit is the caller's to mend: without a limit the answer could cost anything.
    return lengthLimits.includes(named) && (!notTaken.test(text) || tooLong.test(text)) ? undefined : named;
  }
  if (failure.status === 403 || failure.parameter !== undefined || tooLong.test(text)) return undefined;
  return notTaken.test(text) ? candidates.find((name) => !lengthLimits.includes(name)) : undefined;
}

function firstNamed(candidates: readonly Parameter[], text: string): Parameter | undefined {
  return candidates
    .map((name) => ({ name, at: text.search(otherNames[name] ?? new RegExp(`\\b(?:top_)?${name}\\b`, 'i')) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0]?.name;
}
