import * as z from 'zod';
import { buildCostsSchema } from './costs.ts';
import { metricNames } from './dataset.ts';
import { estimateSchema as estimate, curvePointSchema as point } from './measurementSchemas.ts';
import { finishReasons, usageSchema } from './model.ts';
import { moduleNames } from './module.ts';
import { unusableReasons } from './policy.ts';
import { signals } from './signal.ts';
import { rejectionReasons } from './verdict.ts';

/** Raised when the meaning of a field changes; readers skip records of a later version and say so. */
export const ledgerVersion = 2;

const header = { v: z.literal(ledgerVersion), at: z.iso.datetime(), runId: z.string() };

const verdict = z.discriminatedUnion('kind', [
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

const chunkPair = z.object({
  mode: z.enum(['paired', 'resident']),
  processPair: z.number(),
  round: z.number(),
  pair: z.number(),
  first: z.enum(['reference', 'candidate']),
  efReference: z.number(),
  efCandidate: z.number(),
  secondsReference: z.number(),
  secondsCandidate: z.number(),
});

const speedupAt = z.array(
  z.object({
    recall: z.number(),
    ratio: estimate,
    referenceQps: z.number(),
    candidateQps: z.number(),
  }),
);

const comparison = z.object({
  mode: z.enum(['paired', 'resident']),
  reference: z.array(point),
  candidate: z.array(point),
  logRatio: estimate,
  paired: estimate.optional(),
  resident: estimate.optional(),
  aucReference: z.number(),
  aucCandidate: z.number(),
  crinnAucReference: z.number(),
  crinnAucCandidate: z.number(),
  speedupAt,
  samples: z.array(chunkPair),
  processPairs: z.number(),
  looks: z.number(),
  stopped: z.enum(['decided', 'equivalent', 'budget']),
  chunk: z.number(),
  lead: z.number(),
  recallAtLargestEf: z.object({ ef: z.number(), reference: z.number(), candidate: z.number() }),
  hugePages: z.object({ reference: z.number(), candidate: z.number() }),
  seconds: z.number(),
});

const costsOfBoth = z.object({ reference: buildCostsSchema, candidate: buildCostsSchema });
const latency = z.object({
  ef: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  mean: z.number(),
});
const latencyOfBoth = z.object({ reference: latency, candidate: latency });

/** A code state measured against another on one dataset. */
const trial = z.object({
  dataset: z.string(),
  /** Base rows indexed: fewer than the dataset's where a construction candidate was judged on a subset first. */
  rows: z.number(),
  /** Its better estimate so far: the resident one, else the paired one. */
  comparison: comparison.nullable(),
  costs: buildCostsSchema.nullable(),
});

const finalTrial = z.object({
  dataset: z.string(),
  /** Never seen by the optimization. */
  heldOut: z.boolean(),
  comparison,
  costs: costsOfBoth,
  latency: latencyOfBoth,
  /** Queries per second of several processes searching at once, each on a core of its own, at `ef`. */
  throughput: z
    .array(
      z.object({
        threads: z.number(),
        reference: z.object({ ef: z.number(), qps: z.number() }),
        candidate: z.object({ ef: z.number(), qps: z.number() }),
      }),
    )
    .optional(),
});

export type FinalTrial = z.infer<typeof finalTrial>;
export type Trial = z.infer<typeof trial>;

const runRecord = z.object({
  ...header,
  type: z.literal('run'),
  /** Optimized one after the other, each from the best confirmed state of the one before. */
  modules: z.array(z.enum(moduleNames)).min(1),
  workspace: z.object({ name: z.string(), root: z.string(), hash: z.string() }),
  policy: z.object({ id: z.string(), version: z.string() }),
  datasets: z
    .array(
      z.object({
        name: z.string(),
        metric: z.enum(metricNames),
        fingerprint: z.string(),
        n: z.number(),
        dim: z.number(),
        window: z.tuple([z.number(), z.number()]),
        heldOut: z.boolean(),
      }),
    )
    .min(1),
  /** How gains on several datasets become one: the mean of the log ratios, or the least. */
  aggregate: z.enum(['geomean', 'worst']),
  machine: z.record(z.string(), z.unknown()),
  compiler: z.object({ version: z.string(), flags: z.array(z.string()) }),
  index: z.object({ M: z.number(), efConstruction: z.number(), seed: z.number() }),
  k: z.number(),
  /** What candidates were held to, as the manifest had it; ledgers of before do not say. */
  limits: z
    .object({ budgets: z.record(z.string(), z.number()), style: z.record(z.string(), z.unknown()) })
    .optional(),
  seed: z.number(),
  group: z.number(),
  rounds: z.number(),
  budgetSeconds: z.number().nullable(),
  apply: z.enum(['best', 'none']),
  /** For training: no winner is looked for. Absent: one is. */
  stopAfter: z.literal('groups').optional(),
});

/** The run goes on after it was cut off; what stands above it is not done again. */
const resumeRecord = z.object({ ...header, type: z.literal('resume') });

const groupRecord = z.object({
  ...header,
  type: z.literal('group'),
  groupId: z.string(),
  module: z.enum(moduleNames),
  round: z.number(),
  /** SHA-256 of the texts that the group's patches apply to: the workspace with the modules before this one done. */
  baseHash: z.string(),
  policy: z.object({ id: z.string(), version: z.string() }),
  /** How long its completions took; absent in records of before. */
  seconds: z.number().optional(),
  sampling: z.record(z.string(), z.unknown()),
  /** What the policy was conditioned on; messages and template for models, facts for the playbook. */
  prompt: z.record(z.string(), z.unknown()),
  /** Completions of the group; fewer records than this mean that sampling was cut off. */
  completions: z.number(),
});

const completionRecord = z.object({
  ...header,
  type: z.literal('completion'),
  groupId: z.string(),
  candidateId: z.string(),
  text: z.string(),
  tokenIds: z.array(z.number()),
  logprobs: z.array(z.number()),
  notes: z.array(z.string()),
  /** Unified diff against the group's base. */
  patch: z.string().nullable(),
  patchHash: z.string().nullable(),
  /** Of a model's completion. */
  answer: z
    .object({
      analysis: z.string(),
      design: z.string(),
      finish: z.enum(finishReasons),
      usage: usageSchema,
      repaired: z
        .object({
          text: z.string(),
          reason: z.enum(unusableReasons),
          why: z.string(),
          /** How the first answer ended; absent in records of before. */
          finish: z.enum(finishReasons).optional(),
        })
        .optional(),
    })
    .optional(),
  /** Why there is no patch, where the completion could not be used. */
  unusable: z.object({ reason: z.enum(['does-not-parse', 'does-not-apply']), detail: z.string() }).optional(),
});

/** Written as soon as a candidate's verdict is known: what has one is never measured again. */
const judgementRecord = z.object({
  ...header,
  type: z.literal('judgement'),
  groupId: z.string(),
  candidateId: z.string(),
  verdict,
  reward: z.object({ raw: z.number().nullable(), shaped: z.number() }).nullable(),
  /** ln(AUC candidate / AUC reference) over the run's datasets. */
  gain: estimate.nullable(),
  trials: z.array(trial),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  lockdown: z.record(z.string(), z.unknown()).nullable(),
  /** Seconds per stage. */
  timings: z.record(z.string(), z.number()),
  sameAs: z.string().optional(),
});

const groupEndRecord = z.object({
  ...header,
  type: z.literal('group-end'),
  groupId: z.string(),
  rewards: z.record(z.string(), z.number()),
  advantages: z.record(z.string(), z.number()).nullable(),
  /** Share of the group's reward variance that failures alone make, 0..1. */
  failureVarianceShare: z.number(),
});

const confirmationRecord = z.object({
  ...header,
  type: z.literal('confirmation'),
  candidateId: z.string(),
  confirmed: z.boolean(),
  gain: estimate,
  trials: z.array(finalTrial),
});

/** One part (a rewrite, a hunk) taken out of a winner: what the winner gains over the rest. */
const ablationRecord = z.object({
  ...header,
  type: z.literal('ablation'),
  candidateId: z.string(),
  part: z.string(),
  /** Why the part makes it faster, in one line. */
  cause: z.string(),
  /** Hash of the patch without the part; with `against` it says what was compared. */
  patchHash: z.string(),
  /** Hash of the patch with the part. */
  against: z.string(),
  /** ln(AUC with the part / AUC without it); null where the rest does not work alone. */
  gain: estimate.nullable(),
  kept: z.boolean(),
  detail: z.string(),
  trials: z.array(trial),
});

/** A module is done: what the next one starts from. */
const moduleEndRecord = z.object({
  ...header,
  type: z.literal('module-end'),
  module: z.enum(moduleNames),
  /** The confirmed winner; null when nothing was confirmed. */
  best: z.string().nullable(),
  /** What is left of the winner after minimising, with each part's own gain where it was measured. */
  parts: z.array(z.object({ part: z.string(), cause: z.string(), gain: estimate.nullable() })),
  /** Unified diff of the minimised winner against the group's base. */
  patch: z.string().nullable(),
  patchHash: z.string().nullable(),
  seconds: z.number(),
});

/** All modules together against the workspace as saved. */
const totalRecord = z.object({
  ...header,
  type: z.literal('total'),
  gain: estimate,
  trials: z.array(finalTrial),
  /** Unified diff of everything against the workspace as saved. */
  patch: z.string(),
  patchHash: z.string(),
});

const runEndRecord = z.object({
  ...header,
  type: z.literal('run-end'),
  status: z.enum(['done', 'cancelled', 'failed']),
  /** Confirmed winners, one per module that has one. */
  best: z.array(z.string()),
  applied: z.boolean(),
  error: z.string().optional(),
});

/**
 * The workspace was measured by itself, or (`against`) beside the state of its code that was accepted last. Belongs to
 * no run: `runId` is its own.
 */
const measurementRecord = z.object({
  ...header,
  type: z.literal('measurement'),
  workspace: z.object({ name: z.string(), root: z.string(), hash: z.string() }),
  /** SHA-256 of the texts of each module's regions. */
  moduleHashes: z.partialRecord(z.enum(moduleNames), z.string()),
  /** SHA-256 of everything else that is built: the texts outside the modules, and the build section. */
  restHash: z.string(),
  dataset: z.object({
    name: z.string(),
    fingerprint: z.string(),
    window: z.tuple([z.number(), z.number()]),
  }),
  machine: z.record(z.string(), z.unknown()),
  compiler: z.object({ version: z.string(), flags: z.array(z.string()) }),
  /** `qpsInterval`: over chunks, with the machine's drift in it. */
  points: z.array(point.extend({ qpsInterval: estimate.optional() })),
  buildCpuSeconds: z.number(),
  against: z.object({ hash: z.string(), logRatio: estimate, speedupAt }).optional(),
});

/** What a developer made of a candidate's hunk; `runId` is the run that the candidate is of. */
const signalRecord = z.object({
  ...header,
  type: z.literal('signal'),
  candidateId: z.string(),
  file: z.string(),
  /** SHA-256 of the hunk's removed and added lines. */
  hunk: z.string(),
  signal: z.enum(signals),
  /** Of accepted lines that were rewritten: the share that is still there, 0..1. */
  survival: z.number().min(0).max(1).optional(),
});

/** Every record of the ledger, one JSON object per line. */
export const ledgerRecordSchema = z.discriminatedUnion('type', [
  runRecord,
  resumeRecord,
  groupRecord,
  completionRecord,
  judgementRecord,
  groupEndRecord,
  confirmationRecord,
  ablationRecord,
  moduleEndRecord,
  totalRecord,
  runEndRecord,
  measurementRecord,
  signalRecord,
]);

export type LedgerRecord = z.infer<typeof ledgerRecordSchema>;
export type RecordOf<T extends LedgerRecord['type']> = Extract<LedgerRecord, { type: T }>;

/** The records of one kind, in order. */
export function recordsOf<T extends LedgerRecord['type']>(
  records: readonly LedgerRecord[],
  type: T,
): RecordOf<T>[] {
  return records.filter((record): record is RecordOf<T> => record.type === type);
}
