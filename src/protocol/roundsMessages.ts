import * as z from 'zod';
import type { PolicyState } from './engine.ts';
import { grpoRoundReportSchema, versionSummarySchema } from './grpo.ts';
import { type Received, received } from './messages.ts';
import { moduleNames } from './module.ts';
import { roundsStringKeys } from './roundsStrings.ts';

/** What the view of GRPO rounds and its host say to each other. Raised when a message changes its meaning. */
export const roundsProtocolVersion = 1;

const data: z.ZodType<PolicyState> = z.object({
  versions: z.array(versionSummarySchema),
  rounds: z.array(grpoRoundReportSchema),
});

export const roundsToPageSchema = z.discriminatedUnion('type', [
  /** The answer to `ready`, before everything else. */
  z.object({
    type: z.literal('init'),
    protocol: z.literal(roundsProtocolVersion),
    /** BCP 47. */
    locale: z.string(),
    strings: z.record(z.enum(roundsStringKeys), z.string()),
  }),
  z.object({ type: z.literal('data'), trusted: z.boolean(), data }),
  /** The data could not be read; what was shown stays. */
  z.object({ type: z.literal('error'), message: z.string(), fix: z.string().nullable() }),
]);

export const roundsToHostSchema = z.discriminatedUnion('type', [
  /** The page listens. Nothing is sent before. */
  z.object({ type: z.literal('ready'), protocol: z.number() }),
  z.object({ type: z.literal('promote'), version: z.string().min(1).max(200) }),
  z.object({ type: z.literal('do'), action: z.enum(['retry', 'run', 'rollBack', 'trust', 'showLog']) }),
  /** Something went wrong in the page; for the log. */
  z.object({ type: z.literal('problem'), text: z.string().max(10_000) }),
]);

/** What the page keeps over hiding and reloads. */
export const roundsStateSchema = z.object({
  version: z.literal(1),
  /** Null: all. */
  module: z.enum(moduleNames).nullable(),
  scroll: z.number().min(0),
});

export type RoundsToPage = z.infer<typeof roundsToPageSchema>;
export type RoundsToHost = z.infer<typeof roundsToHostSchema>;
export type RoundsState = z.infer<typeof roundsStateSchema>;
export type RoundsAction = Extract<RoundsToHost, { type: 'do' }>['action'];

export const receiveRoundsInPage = (message: unknown): Received<RoundsToPage> =>
  received(roundsToPageSchema, message);
export const receiveRoundsInHost = (message: unknown): Received<RoundsToHost> =>
  received(roundsToHostSchema, message);

/** The kept state, or undefined where it is none of ours, or of another version. */
export function parseRoundsState(state: unknown): RoundsState | undefined {
  const parsed = roundsStateSchema.safeParse(state);
  return parsed.success ? parsed.data : undefined;
}
