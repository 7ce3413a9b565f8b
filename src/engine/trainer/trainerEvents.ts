import * as z from 'zod';

/** A number that may have been none of JSON's. */
const figure = z.number().nullable();

const metrics = z.object({
  loss: figure,
  kl: figure,
  clip_fraction: figure,
  entropy: figure,
});

/** What the trainer in `trainer/` prints, one a line; others than these are progress that nobody needs here. */
const eventSchema = z.discriminatedUnion('event', [
  z.looseObject({
    event: z.literal('start'),
    groups: z.number().optional(),
    skipped: z.record(z.string(), z.number()).optional(),
    mean_reward: figure.optional(),
  }),
  z.looseObject({ event: z.literal('warning'), code: z.string(), message: z.string() }),
  z.looseObject({ event: z.literal('scored'), group: z.number(), groups: z.number() }),
  z.looseObject({ event: z.literal('resumed'), step: z.number(), steps: z.number() }),
  z.looseObject({ event: z.literal('step'), step: z.number(), steps: z.number(), ...metrics.shape }),
  /** Of an online round. */
  z.looseObject({
    event: z.literal('group'),
    module: z.string(),
    mean_reward: figure.optional(),
    best_reward: figure.optional(),
    skipped: z.string().nullish(),
  }),
  z.looseObject({
    event: z.literal('saved'),
    path: z.string(),
    version: z.string(),
    parent: z.string(),
  }),
  z.looseObject({ event: z.literal('done'), version: z.string(), seconds: figure.optional() }),
  z.looseObject({ event: z.literal('error'), code: z.string(), message: z.string(), fix: z.string() }),
]);
export type TrainerEvent = z.infer<typeof eventSchema>;

/** An event, or undefined for a line that is none of those above. */
export function parseTrainerEvent(line: string): TrainerEvent | undefined {
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
