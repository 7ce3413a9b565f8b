import * as z from 'zod';
import { metricNames } from './dataset.ts';
import { roleNames } from './module.ts';
import { styleLimitsSchema } from './style.ts';

const relativePath = z
  .string()
  .min(1)
  .refine((p) => !p.startsWith('/') && !p.includes('\\') && !p.split('/').includes('..'), {
    message: 'must be a path inside the workspace, relative, with forward slashes',
  });

const symbolRef = z.strictObject({
  file: relativePath.describe('File relative to the workspace root.'),
  symbol: z
    .string()
    .min(1)
    .describe('C++ symbol as written, e.g. `SearchLayer::run`; `#includes` for the include block.'),
});

const recallWindow = z
  .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
  .refine(([low, high]) => low < high, { message: 'low must be below high' });

const moduleRegions = z.strictObject({ regions: z.array(symbolRef).min(1) });

/** The workspace manifest, `annsmith.json`. Unknown keys are errors. */
export const manifestSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().min(1),
    modules: z
      .strictObject({
        construction: moduleRegions.optional(),
        search: moduleRegions.optional(),
        refinement: moduleRegions.optional(),
      })
      .describe('Regions (file + symbol) that candidates of each module may change.'),
    roles: z.partialRecord(z.enum(roleNames), symbolRef).describe('Symbols the built-in rewrites bind to.'),
    build: z.strictObject({
      adapter: relativePath.describe('C++ source that implements the C ABI (annsmith/abi.h).'),
      includeDirs: z.array(relativePath).default([]),
      standard: z.enum(['c++17', 'c++20', 'c++23']).default('c++17'),
      flags: z.array(z.string().regex(/^-[A-Za-z]/)).default(['-O3', '-march=native']),
    }),
    index: z.strictObject({
      metric: z.enum(metricNames).optional().describe('Default: the metric of the dataset.'),
      M: z.int().min(2).max(512).default(16),
      efConstruction: z.int().min(8).max(10000).default(200),
      seed: z.int().min(0).default(42),
    }),
    search: z.strictObject({
      k: z.int().min(1).max(100).default(10),
      ef: z.union([z.literal('auto'), z.array(z.int().min(1)).min(2)]).default('auto'),
      recallWindow: recallWindow.default([0.85, 0.95]),
    }),
    datasets: z
      .array(z.union([z.string().min(1), z.strictObject({ name: z.string().min(1), recallWindow })]))
      .min(1)
      .describe('Names of datasets; with a recall window of its own where the curve lies elsewhere.'),
    budgets: z
      .strictObject({
        buildCpuFactor: z.number().min(1).default(1.5),
        memoryFactor: z.number().min(1).default(1.3),
        recallTolerance: z.number().min(0).max(0.1).default(0.005),
        candidateSeconds: z
          .number()
          .positive()
          .default(60)
          .describe(
            'Seconds of timing for a confirmation; screening and resident timing take 0.12 and 0.27 of it.',
          ),
      })
      .prefault({}),
    style: styleLimitsSchema
      .prefault({})
      .describe('What the code of language models is held to so that a person would keep it.'),
  })
  .describe('Annsmith workspace manifest');

export type Manifest = z.infer<typeof manifestSchema>;

/** Names of the manifest's datasets, in order. */
export function datasetNames({ datasets }: Pick<Manifest, 'datasets'>): string[] {
  return datasets.map((entry) => (typeof entry === 'string' ? entry : entry.name));
}

/** Where the area under the curve is taken on a dataset. */
export function windowFor(
  { datasets, search }: Pick<Manifest, 'datasets' | 'search'>,
  name: string,
): readonly [low: number, high: number] {
  const own = datasets.find((entry) => typeof entry !== 'string' && entry.name === name);
  return typeof own === 'object' ? own.recallWindow : search.recallWindow;
}
