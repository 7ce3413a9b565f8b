import { z } from 'zod';
import { buildCostsSchema } from './costs.ts';
import { metricNames } from './dataset.ts';
import { moduleNames } from './module.ts';
import { rejectionReasons } from './verdict.ts';

/** Raised when the meaning of a field changes; readers skip records of a later version and say so. */
export const ledgerVersion = 1;

const header = { v: z.literal(ledgerVersion), at: z.iso.datetime(), runId: z.string() };
const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() });
const point = z.object({ ef: z.number(), recall: z.number(), secondsPerQuery: z.number(), qps: z.number() });

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
  speedupAt: z.array(
    z.object({
      recall: z.number(),
      ratio: estimate,
      referenceQps: z.number(),
      candidateQps: z.number(),
    }),
  ),
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

const runRecord = z.object({
  ...header,
  type: z.literal('run'),
  module: z.enum(moduleNames),
  workspace: z.object({ name: z.string(), root: z.string(), hash: z.string() }),
  policy: z.object({ id: z.string(), version: z.string() }),
  dataset: z.object({ name: z.string(), metric: z.enum(metricNames), fingerprint: z.string() }),
  machine: z.record(z.string(), z.unknown()),
  compiler: z.object({ version: z.string(), flags: z.array(z.string()) }),
  index: z.object({ M: z.number(), efConstruction: z.number(), seed: z.number() }),
  search: z.object({ k: z.number(), window: z.tuple([z.number(), z.number()]) }),
  seed: z.number(),
  group: z.number(),
  rounds: z.number(),
});

const groupRecord = z.object({
  ...header,
  type: z.literal('group'),
  groupId: z.string(),
  round: z.number(),
  policy: z.object({ id: z.string(), version: z.string() }),
  sampling: z.record(z.string(), z.unknown()),
  /** What the policy was conditioned on; messages and template for models, facts for the playbook. */
  prompt: z.record(z.string(), z.unknown()),
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
  patch: z.string().nullable(),
  patchHash: z.string().nullable(),
});

const judgementRecord = z.object({
  ...header,
  type: z.literal('judgement'),
  groupId: z.string(),
  candidateId: z.string(),
  verdict,
  reward: z.object({ raw: z.number().nullable(), shaped: z.number() }).nullable(),
  comparison: comparison.nullable(),
  costs: buildCostsSchema.nullable(),
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
  comparison,
  latency: z.record(z.string(), z.unknown()).nullable(),
});

const runEndRecord = z.object({
  ...header,
  type: z.literal('run-end'),
  status: z.enum(['done', 'cancelled', 'failed']),
  best: z.string().nullable(),
  error: z.string().optional(),
});

/** Every record of the ledger, one JSON object per line. */
export const ledgerRecordSchema = z.discriminatedUnion('type', [
  runRecord,
  groupRecord,
  completionRecord,
  judgementRecord,
  groupEndRecord,
  confirmationRecord,
  runEndRecord,
]);

export type LedgerRecord = z.infer<typeof ledgerRecordSchema>;
export type RecordOf<T extends LedgerRecord['type']> = Extract<LedgerRecord, { type: T }>;
