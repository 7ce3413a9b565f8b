import * as z from 'zod';
import type { EngineEvent } from '../../protocol/engine.ts';

const job = z.string();
const eventSchema = z.union([
  z.object({
    kind: z.literal('progress'),
    job,
    stage: z.string(),
    message: z.string(),
    fraction: z.number().exactOptional(),
    remainingSeconds: z.number().exactOptional(),
  }),
  z.object({
    kind: z.literal('log'),
    job,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
  }),
  z.object({ kind: z.literal('run'), job, root: z.string(), run: z.string() }),
  z.object({ kind: z.literal('changed'), root: z.string(), what: z.enum(['workspace', 'ledger']) }),
  z.object({ kind: z.literal('changed'), what: z.literal('datasets') }),
  z.object({ kind: z.literal('changed'), what: z.literal('policies') }),
]);

/** An event as it arrives; undefined for what is none. */
export function parseEvent(value: unknown): EngineEvent | undefined {
  const event = eventSchema.safeParse(value);
  return event.success ? event.data : undefined;
}
