// The namespace as a whole would bring zod's texts in forty languages into pages.
import * as z from 'zod';

/** Shapes of `measurement.ts` as they are checked where they arrive. */

export const estimateSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

export const curvePointSchema = z.object({
  ef: z.number(),
  recall: z.number(),
  secondsPerQuery: z.number(),
  qps: z.number(),
});
