// The namespace as a whole would bring zod's texts in forty languages into the page.
import * as z from 'zod';
import { buildCostsSchema } from './costs.ts';
import { curvesStringKeys } from './curvesStrings.ts';
import type { CurvesData } from './engine.ts';
import { curvePointSchema, estimateSchema } from './measurementSchemas.ts';
import { type Received, received } from './messages.ts';
import { moduleNames } from './module.ts';

/** What the benchmark view and its host say to each other. Raised when a message changes its meaning. */
export const curvesProtocolVersion = 1;

/** Text that the page may hand over at once; a PNG of a large window in base64 is some megabytes. */
const maxContents = 64 << 20;

const module = z.enum(moduleNames).nullable();

const series = z.object({
  id: z.string(),
  run: z.string(),
  candidate: z.string().nullable(),
  module,
  name: z.string(),
  dataset: z.string(),
  role: z.enum(['reference', 'candidate', 'winner', 'accepted', 'rejected', 'measured']),
  mode: z.enum(['paired', 'resident']),
  points: z.array(curvePointSchema),
  intervals: z.array(estimateSchema.extend({ recall: z.number() })),
  gain: estimateSchema.nullable(),
  costs: buildCostsSchema.nullable(),
  change: z.object({ added: z.number(), removed: z.number(), text: z.string() }).nullable(),
});

const run = z.object({
  id: z.string(),
  at: z.string(),
  title: z.string(),
  status: z.enum(['active', 'done', 'cancelled', 'failed', 'unfinished']),
  machine: z.string(),
  compiler: z.string(),
  windows: z.array(z.object({ dataset: z.string(), window: z.tuple([z.number(), z.number()]) })),
});

const data: z.ZodType<CurvesData> = z.object({ runs: z.array(run), series: z.array(series) });

/** What a command was invoked on: the page shows it first. */
const target = z.object({
  run: z.string().optional(),
  candidate: z.string().optional(),
  module: z.enum(moduleNames).optional(),
  dataset: z.string().optional(),
});

export const toPageSchema = z.discriminatedUnion('type', [
  /** The answer to `ready`, before everything else. */
  z.object({
    type: z.literal('init'),
    protocol: z.literal(curvesProtocolVersion),
    /** Folder that the view is of; part of the page's state, so that a reload finds it. */
    root: z.string(),
    name: z.string(),
    /** BCP 47. */
    locale: z.string(),
    strings: z.record(z.enum(curvesStringKeys), z.string()),
  }),
  z.object({ type: z.literal('data'), trusted: z.boolean(), data }),
  z.object({ type: z.literal('select'), target }),
  /** The data could not be read; what was shown stays. */
  z.object({ type: z.literal('error'), message: z.string(), fix: z.string().nullable() }),
  /** A file was written. */
  z.object({ type: z.literal('saved'), file: z.string() }),
  z.object({ type: z.literal('copied') }),
]);

const inRun = z.object({ run: z.string().min(1) });
const ofCandidate = inRun.extend({ candidate: z.string().min(1) });

export const toHostSchema = z.discriminatedUnion('type', [
  /** The page listens. Nothing is sent before. */
  z.object({ type: z.literal('ready'), protocol: z.number() }),
  z.object({
    type: z.literal('export'),
    /** `png` in base64, the others as text. */
    format: z.enum(['png', 'svg', 'csv']),
    dataset: z.string().max(200),
    contents: z.string().min(1).max(maxContents),
  }),
  ofCandidate.extend({ type: z.literal('review') }),
  ofCandidate.extend({ type: z.literal('openDiff') }),
  inRun.extend({ type: z.literal('openReport') }),
  z.object({ type: z.literal('copy'), text: z.string().min(1).max(maxContents) }),
  /** The buttons of the states without curves. */
  z.object({
    type: z.literal('do'),
    action: z.enum(['retry', 'optimize', 'benchmark', 'trust', 'showLog']),
  }),
  /** Something went wrong in the page; for the log. */
  z.object({ type: z.literal('problem'), text: z.string().max(10_000) }),
]);

/** What the page keeps over hiding and reloads. */
export const curvesStateSchema = z.object({
  version: z.literal(1),
  root: z.string(),
  /** Null: the first. */
  dataset: z.string().nullable(),
  /** Null: all. */
  module,
  /** Null: the newest alone. */
  runs: z.array(z.string()).nullable(),
  roles: z.object({
    measured: z.boolean(),
    accepted: z.boolean(),
    candidate: z.boolean(),
    rejected: z.boolean(),
  }),
  /** Ids of series that are switched off one by one. */
  hidden: z.array(z.string()),
  selected: z.string().nullable(),
  tables: z.boolean(),
  scroll: z.number().min(0),
});

export type ToPage = z.infer<typeof toPageSchema>;
export type ToHost = z.infer<typeof toHostSchema>;
export type CurvesTarget = z.infer<typeof target>;
export type CurvesState = z.infer<typeof curvesStateSchema>;
export type ExportFormat = Extract<ToHost, { type: 'export' }>['format'];
export type PageAction = Extract<ToHost, { type: 'do' }>['action'];

export const receiveInPage = (message: unknown): Received<ToPage> => received(toPageSchema, message);
export const receiveInHost = (message: unknown): Received<ToHost> => received(toHostSchema, message);

/** The kept state, or undefined where it is none of ours, or of another version. */
export function parseCurvesState(state: unknown): CurvesState | undefined {
  const parsed = curvesStateSchema.safeParse(state);
  return parsed.success ? parsed.data : undefined;
}
