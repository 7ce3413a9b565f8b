import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, Random } from '../../ports.ts';
import type { TokenPrice } from './usage.ts';

/** Resolves when the time is over; rejects as soon as the signal is aborted. Tests bring one that does not wait. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Node's timers take no more: 24 days. */
const longestTimer = 2 ** 31 - 1;

export const realWait: Wait = (milliseconds, signal) =>
  pause(Math.min(milliseconds, longestTimer), undefined, { signal });

/** Of one HTTP request, in milliseconds. */
export interface ModelTimeouts {
  /** From sending the request until the first piece of the answer; Node's own limit for headers is 300 s. */
  readonly firstToken: number;
  /** Between two pieces of the answer. */
  readonly stall: number;
  readonly total: number;
}

/** Reasoning models and models on a CPU are silent for minutes before their first token. */
export const defaultTimeouts: ModelTimeouts = { firstToken: 300_000, stall: 120_000, total: 1_800_000 };

export const defaultBaseUrl = 'https://api.openai.com/v1';

export interface OpenAiOptions {
  readonly model: string;
  /** Up to and with `/v1`; default: OpenAI's. */
  readonly baseUrl?: string | undefined;
  /** Servers of one's own need none. */
  readonly apiKey?: string | undefined;
  readonly organization?: string | undefined;
  /** Sent with every request; their values are kept out of messages like the key. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeouts?: Partial<ModelTimeouts> | undefined;
  /** How often a request is made again after a failure that may pass; default 5. */
  readonly maxRetries?: number | undefined;
  /** Requests under way at once where the server has no `n`; default 4. */
  readonly concurrency?: number | undefined;
  /** Null: unknown. 0 and 0 for a server of one's own. */
  readonly price?: TokenPrice | null | undefined;
  /** Default: Node's, through the proxy where `useProxyOf` was called. */
  readonly fetch?: typeof fetch | undefined;
  readonly clock: Clock;
  /** For the jitter of waits. */
  readonly random: Random;
  readonly wait?: Wait | undefined;
}
