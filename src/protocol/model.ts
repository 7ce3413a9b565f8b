import * as z from 'zod';

/** Language models as the engine meets them, whoever serves them. */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** How models are asked, where a run has any; every field has a default. */
export const modelSettingsSchema = z.object({
  /** Of an OpenAI-compatible server, up to and with `/v1`; null: `OPENAI_BASE_URL`, else OpenAI's own. */
  baseUrl: z.url().nullable().default(null),
  /** Sent with every request, for gateways; no keys: those are kept apart. */
  headers: z.record(z.string(), z.string()).default({}),
  temperature: z.number().min(0).max(2).default(1),
  /** Tokens per completion, at most. */
  maxTokens: z.int().min(256).max(200_000).default(8192),
  /** Estimated tokens of a prompt, at most. */
  promptTokens: z.int().min(2000).max(2_000_000).default(24_000),
  /** What a run may use in all; null: no limit. */
  tokenBudget: z.int().positive().nullable().default(null),
  /** US dollars. */
  costBudget: z.number().positive().nullable().default(null),
  /** US dollars for a million tokens; null: not known. */
  pricePerMillion: z
    .object({ prompt: z.number().min(0), completion: z.number().min(0) })
    .nullable()
    .default(null),
});
export type ModelSettings = z.infer<typeof modelSettingsSchema>;
export const defaultModelSettings: ModelSettings = modelSettingsSchema.parse({});

/** Several completions of one prompt. */
export interface ModelRequest {
  readonly messages: readonly ChatMessage[];
  /** Completions wanted. */
  readonly n: number;
  readonly temperature: number;
  readonly seed: number;
  /** Tokens per completion, at most. */
  readonly maxTokens: number;
}

/** What was used, of one completion or of many. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly requests: number;
  /** US dollars; null where no price is known. */
  readonly cost: number | null;
}

export const usageSchema = z.object({
  promptTokens: z.number(),
  completionTokens: z.number(),
  requests: z.number(),
  cost: z.number().nullable(),
});

export const noUsage: TokenUsage = { promptTokens: 0, completionTokens: 0, requests: 0, cost: 0 };

/** The sum; its cost is unknown where one of them is. */
export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    requests: a.requests + b.requests,
    cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
  };
}

/** What answers have used together. */
export function usageOf(answers: readonly { readonly usage: TokenUsage }[]): TokenUsage {
  return answers.map(({ usage }) => usage).reduce(addUsage, noUsage);
}

/** e.g. `17928 + 1736 tokens, $0.0622`: of prompts and of completions. */
export function usageText({ promptTokens, completionTokens, cost }: TokenUsage): string {
  return `${promptTokens} + ${completionTokens} tokens${cost === null ? '' : `, $${cost.toFixed(4)}`}`;
}

/** How a completion ended: by itself, at `maxTokens`, by the provider's filter, or when the stream broke off. */
export const finishReasons = ['stop', 'length', 'filtered', 'cut'] as const;
export type FinishReason = (typeof finishReasons)[number];

export interface ModelCompletion {
  readonly text: string;
  readonly finish: FinishReason;
  /** Empty where the server gives none. */
  readonly tokenIds: readonly number[];
  /** Of each token, natural logarithm; empty where the server gives none. */
  readonly logprobs: readonly number[];
  /** Its share of what the request used. */
  readonly usage: TokenUsage;
}

/** What happens while completions are made. */
export type ModelEvent =
  /** New text of completion `index` of the request. */
  | { readonly kind: 'text'; readonly index: number; readonly text: string }
  /** The prompt goes out once more: a request is made, the first or a further one. */
  | { readonly kind: 'request' }
  /** A parameter that the server does not take, and is asked without from now on. */
  | { readonly kind: 'dropped'; readonly parameter: string; readonly why: string }
  /** The request is made again after a wait. */
  | { readonly kind: 'retry'; readonly attempt: number; readonly seconds: number; readonly why: string };

export interface CompleteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ModelEvent) => void) | undefined;
}

/** A model that can be asked. Implemented by `engine/policy/model` (OpenAI-compatible) and by the editor (`vscode.lm`). */
export interface ModelClient {
  /** e.g. `openai:gpt-5`, `vscode:copilot/gpt-5`. */
  readonly id: string;
  /** Where prompts go, without credentials: an origin such as `https://api.openai.com`, or `vscode.lm/VENDOR`. */
  readonly endpoint: string;
  /** Parameters that the server turned out not to take. */
  readonly dropped: readonly string[];
  /**
   * Yields `request.n` completions, or fewer where some could not be had after retries, as each is done. An error that
   * leaves none of them is thrown as a UserError (codes `model-…`); it never holds a key.
   */
  complete(request: ModelRequest, options?: CompleteOptions): AsyncIterable<ModelCompletion>;
}
