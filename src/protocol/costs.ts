// The namespace as a whole would bring zod's texts in forty languages into pages.
import * as z from 'zod';

/** What an index takes to make and to hold. */
export const buildCostsSchema = z.object({
  /** CPU seconds of the graph build (the reference's own where its graph is reused), without prepare. */
  buildCpuSeconds: z.number().min(0),
  prepareCpuSeconds: z.number().min(0),
  /** The index's own word. */
  memoryBytes: z.number().min(0),
  /** Resident memory of its process without the mapped base vectors. */
  anonymousBytes: z.number().min(0),
  hugePageBytes: z.number().min(0),
});

export type BuildCosts = z.infer<typeof buildCostsSchema>;
