import {
  addUsage,
  type CompleteOptions,
  type ModelClient,
  type ModelCompletion,
  type ModelRequest,
  noUsage,
  type TokenUsage,
} from '../../../protocol/model.ts';
import { UserError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import { CompletionQueue } from './completionQueue.ts';
import { realWait, type Wait } from './openAiOptions.ts';
import { costOf, estimateTokens, type TokenPrice } from './usage.ts';

/** Absent: no limit. */
export interface BudgetLimits {
  /** Prompt and completion tokens together. */
  readonly tokens?: number | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
  /** Seconds in which the model was at work; measuring candidates does not count. */
  readonly seconds?: number | undefined;
}

export interface BudgetOptions {
  readonly clock: Clock;
  readonly wait?: Wait | undefined;
  /** What a run that goes on had used before. */
  readonly spent?: { readonly usage: TokenUsage; readonly seconds: number } | undefined;
  /** The options that raise the limits, as the user writes them. */
  readonly names?: Readonly<Record<keyof BudgetLimits, string>> | undefined;
}

const defaultNames: Readonly<Record<keyof BudgetLimits, string>> = {
  tokens: '--model-tokens',
  cost: '--model-cost',
  seconds: '--model-seconds',
};

/** What is under way and not yet in a completion's usage. */
interface Pending {
  tokens: number;
  cost: number;
}

/** What models may use in one run, over all of its models. */
export class ModelBudget {
  readonly limits: BudgetLimits;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly #names: Readonly<Record<keyof BudgetLimits, string>>;
  readonly #pending = new Set<Pending>();
  #usage: TokenUsage;
  #seconds: number;
  #active = 0;
  #since = 0;

  constructor(limits: BudgetLimits, { clock, wait, spent, names }: BudgetOptions) {
    this.limits = limits;
    this.clock = clock;
    this.wait = wait ?? realWait;
    this.#names = names ?? defaultNames;
    this.#usage = spent?.usage ?? noUsage;
    this.#seconds = spent?.seconds ?? 0;
  }

  /** Of all completions so far. */
  get spent(): TokenUsage {
    return this.#usage;
  }

  /** Seconds in which at least one request was under way. */
  get seconds(): number {
    return this.#seconds + (this.#active > 0 ? (this.clock.monotonic() - this.#since) / 1000 : 0);
  }

  addUsage(usage: TokenUsage): void {
    this.#usage = addUsage(this.#usage, usage);
  }

  /** Starts the time of a request and counts what it uses before its usage is known; `end` it in the end. */
  begin(pending: Pending): { end(): void } {
    if (this.#active++ === 0) this.#since = this.clock.monotonic();
    this.#pending.add(pending);
    return {
      end: () => {
        this.#pending.delete(pending);
        const seconds = this.seconds;
        if (--this.#active === 0) this.#seconds = seconds;
      },
    };
  }

  /** The error `model-budget` of the limit that is reached, or that `more` would pass. */
  reached(more: Pending = { tokens: 0, cost: 0 }): UserError | undefined {
    const { tokens, cost, seconds } = this.limits;
    let pendingTokens = more.tokens;
    let pendingCost = more.cost;
    for (const part of this.#pending) {
      pendingTokens += part.tokens;
      pendingCost += part.cost;
    }
    const usedTokens = this.#usage.promptTokens + this.#usage.completionTokens;
    if (tokens !== undefined && (usedTokens >= tokens || usedTokens + pendingTokens > tokens)) {
      return this.#error('tokens', `${usedTokens} of ${tokens} tokens`);
    }
    const usedCost = this.#usage.cost ?? 0;
    if (cost !== undefined && (usedCost >= cost || usedCost + pendingCost > cost)) {
      return this.#error('cost', `$${usedCost.toFixed(4)} of $${cost}`);
    }
    if (seconds !== undefined && this.seconds >= seconds) {
      return this.#error(
        'seconds',
        `${Math.round(this.seconds)} of ${seconds} seconds of waiting for models`,
      );
    }
    return undefined;
  }

  /** The error of the limit of seconds, when its timer has rung. */
  outOfTime(): UserError {
    return this.#error('seconds', `${this.limits.seconds} seconds of waiting for models`);
  }

  #error(limit: keyof BudgetLimits, used: string): UserError {
    return new UserError(
      'model-budget',
      `the budget for models is used up: ${used} are spent, and more would pass the limit`,
      `Raise ${this.#names[limit]}, or go on without a model (--policy playbook).`,
    );
  }
}

/**
 * The client, held to the budget: no request starts that would pass a limit with its prompt alone, and streams are cut
 * off as soon as one is passed, by estimate while they run and by the server's count afterwards. Throws UserError
 * `model-budget`; completions that were done before are yielded. `price` is the client's; a limit of cost without a
 * known price is refused here, as nothing could hold it.
 */
export function withBudget(
  client: ModelClient,
  budget: ModelBudget,
  price: TokenPrice | null = null,
): ModelClient {
  if (budget.limits.cost !== undefined && price === null) {
    throw new UserError(
      'model-budget',
      `a cost limit is set, but the price of ${client.id} is not known`,
      'Give the price per million tokens, or limit tokens instead.',
    );
  }
  return {
    id: client.id,
    endpoint: client.endpoint,
    get dropped() {
      return client.dropped;
    },
    complete: (request, options) => completeWithin(client, budget, price, request, options ?? {}),
  };
}

async function* completeWithin(
  client: ModelClient,
  budget: ModelBudget,
  price: TokenPrice | null,
  request: ModelRequest,
  options: CompleteOptions,
): AsyncGenerator<ModelCompletion> {
  const prompt = estimateTokens(request.messages.map((message) => message.content).join(''));
  const over = budget.reached({ tokens: prompt, cost: costOf(prompt, 0, price) ?? 0 });
  if (over !== undefined) throw over;

  const stop = new AbortController();
  const queue = new CompletionQueue<ModelCompletion>();
  // Not at the reader's pace: the time in which it measures what it has is not the model's.
  const work = completeInto(queue, client, budget, price, request, prompt, options, stop).then(
    () => queue.close(),
    (error: unknown) => queue.close(error),
  );
  try {
    yield* queue;
  } finally {
    stop.abort();
    await work;
  }
}

async function completeInto(
  queue: CompletionQueue<ModelCompletion>,
  client: ModelClient,
  budget: ModelBudget,
  price: TokenPrice | null,
  request: ModelRequest,
  prompt: number,
  { signal, onEvent }: CompleteOptions,
  stop: AbortController,
): Promise<void> {
  const done = new AbortController();
  // Estimates of what is not in a completion's usage yet: prompts of requests that are under way, and text.
  let open = 0;
  let characters = 0;
  const pending = { tokens: 0, cost: 0 };
  const estimate = (): void => {
    const completionTokens = Math.ceil(characters / 4);
    pending.tokens = open * prompt + completionTokens;
    pending.cost = costOf(open * prompt, completionTokens, price) ?? 0;
  };
  const stopWhenPassed = (): void => {
    estimate();
    const passed = budget.reached();
    if (passed !== undefined) stop.abort(passed);
  };
  const account = budget.begin(pending);
  if (budget.limits.seconds !== undefined) {
    const left = Math.max(0, budget.limits.seconds - budget.seconds);
    void budget.wait(left * 1000, done.signal).then(
      () => stop.abort(budget.outOfTime()),
      () => undefined,
    );
  }
  try {
    const completions = client.complete(request, {
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
      onEvent: (event) => {
        onEvent?.(event);
        if (event.kind === 'request') open++;
        // The request came to nothing, and is made again.
        else if (event.kind === 'retry' || event.kind === 'dropped') open = Math.max(0, open - 1);
        else characters += event.text.length;
        stopWhenPassed();
      },
    });
    for await (const completion of completions) {
      budget.addUsage(completion.usage);
      characters = Math.max(0, characters - completion.text.length);
      if (completion.usage.promptTokens > 0) open = Math.max(0, open - 1);
      queue.push(completion);
      stopWhenPassed();
    }
  } finally {
    done.abort();
    account.end();
    // What was sent, or streamed, and then cut off is paid for.
    if (characters > 0 || (open > 0 && stop.signal.aborted)) {
      const completionTokens = Math.ceil(characters / 4);
      const cost = costOf(open * prompt, completionTokens, price);
      budget.addUsage({ promptTokens: open * prompt, completionTokens, requests: open, cost });
    }
  }
}
