import * as z from 'zod';
import { metricNames } from '../../../../protocol/dataset.ts';
import { moduleNames } from '../../../../protocol/module.ts';

/** All that the network is conditioned on, as a group's record in the ledger keeps it. */
const situationSchema = z.object({
  module: z.enum(moduleNames),
  facts: z.object({
    n: z.number().positive(),
    dim: z.number().positive(),
    metric: z.enum(metricNames),
    M: z.number().positive(),
    efConstruction: z.number().positive(),
    isa: z.array(z.string()),
    llcBytes: z.number().nonnegative(),
  }),
  /** The rewrites that fit the workspace: no others may be drawn. */
  available: z.array(z.string()),
  /** Programs of before on this module and workspace with their shaped rewards. */
  exemplars: z.array(z.object({ program: z.string(), score: z.number() })),
  temperature: z.number().positive(),
});

export type Situation = z.infer<typeof situationSchema>;
export type Exemplar = Situation['exemplars'][number];

/** The situation of a logged group; undefined where its record does not tell it. */
export function readSituation(prompt: Readonly<Record<string, unknown>>): Situation | undefined {
  const read = situationSchema.safeParse(prompt);
  return read.success ? read.data : undefined;
}
