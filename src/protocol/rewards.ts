import * as z from 'zod';
import { moduleNames } from './module.ts';

/** The reward endpoint, `annsmith serve-rewards`: what any trainer may ask, over HTTP on this machine. */
export const rewardsVersion = 1;

/** Empty too: a policy that says nothing is to be told what that is worth. */
const text = z.string().max(1_000_000);

/** `POST /v1/rewards`. The completions of one request are one group of the ledger. */
export const rewardsRequestSchema = z.strictObject({
  /** Default: the module that the server was started for. */
  module: z.enum(moduleNames).optional(),
  /** What sampled them, for the ledger. */
  policy: z.strictObject({ id: z.string().min(1), version: z.string().min(1) }).optional(),
  completions: z
    .array(
      z.strictObject({
        /** The caller's own name for it, given back. */
        id: z.string().min(1),
        text,
        tokenIds: z.array(z.int()).optional(),
        /** Natural logarithms. */
        logprobs: z.array(z.number()).optional(),
      }),
    )
    .min(1)
    .max(64),
});
export type RewardsRequest = z.infer<typeof rewardsRequestSchema>;

/** `POST /v1/openrlhf`: what OpenRLHF sends to `--reward.remote_url`. Prompt and completion stand together in `query`. */
export const openRlhfRequestSchema = z.object({
  query: z.array(text).min(1).max(64),
  prompts: z.array(z.string()).optional(),
  labels: z.array(z.unknown()).optional(),
});

export const rewardedSchema = z.object({
  id: z.string(),
  /** SHA-256 of module and text: the same text is judged once. */
  hash: z.string(),
  /** What training sees; null where nothing can be said of it (the measurement failed, not the code). */
  reward: z.number().nullable(),
  /** ln(AUC candidate / AUC reference), unbounded; null where it was not measured. */
  gain: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  /** `accepted`, `failed`, or why it was rejected. */
  verdict: z.string(),
  /** The check that ended it, and what it found. */
  check: z.string().nullable(),
  detail: z.string(),
});
export type Rewarded = z.infer<typeof rewardedSchema>;

export interface RewardsResponse {
  readonly version: typeof rewardsVersion;
  readonly run: string;
  /** In the order of the request. */
  readonly rewards: readonly Rewarded[];
}

/** Every answer that is not 200. */
export interface RewardsError {
  readonly error: {
    /** `unauthorized`, `bad-request`, `not-found`, `too-large`, `busy`, `stopping`, `failed`. */
    readonly code: string;
    readonly message: string;
    readonly fix: string;
  };
}
