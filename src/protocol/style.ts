import * as z from 'zod';

/** How much a model's code may grow and show, beside what it must not do at all. */
export const styleLimitsSchema = z.strictObject({
  freeLines: z.int().min(0).default(60).describe('Lines that the regions of a module may grow by whatever they gain.'),
  linesPerPercent: z.number().min(0).default(4).describe('Further lines for each percent of gain.'),
  publicMembers: z.int().min(0).default(0).describe('Public members that may be added.'),
});
export type StyleLimits = z.infer<typeof styleLimitsSchema>;
export const defaultStyleLimits: StyleLimits = styleLimitsSchema.parse({});
