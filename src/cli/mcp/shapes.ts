import * as z from 'zod';
import { buildCostsSchema } from '../../protocol/costs.ts';
import { curvePointSchema, estimateSchema } from '../../protocol/measurementSchemas.ts';
import { moduleNames } from '../../protocol/module.ts';
import { rejectionReasons } from '../../protocol/verdict.ts';

/** Shapes of what tools take and answer; clients get them as JSON schemas. */

export const moduleInput = z
  .enum(moduleNames, {
    error: `there is no such module. Use ${moduleNames.join(', ')}; list_modules shows which of them this workspace has.`,
  })
  .describe('The module that the patch is for.');

export const datasetInput = z
  .string()
  .min(1)
  .optional()
  .describe("Name of a dataset; default: the workspace's first. list_modules names them.");

export const gain = estimateSchema.describe(
  'ln(area under the QPS-recall curve of the candidate / of the reference): 0.1 is 10.5 % faster.',
);

export const verdict = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted') }),
  z.object({
    kind: z.literal('rejected'),
    reason: z.enum(rejectionReasons),
    check: z.string(),
    detail: z.string(),
  }),
  z.object({ kind: z.literal('failed'), error: z.string() }),
  z.object({ kind: z.literal('cancelled') }),
]);

export const curve = z.array(curvePointSchema);
export const recallWindow = z.tuple([z.number(), z.number()]);
export const checks = z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() }));
export const costs = buildCostsSchema;

export const speedup = z.array(
  z.object({
    recall: z.number(),
    ratio: estimateSchema,
    referenceQps: z.number(),
    candidateQps: z.number(),
  }),
);
