import * as z from 'zod';
import { moduleNames } from './module.ts';

/** Why a logged group, or a line of the ledger, is not trained on. */
export const skipReasons = [
  'unreadable-line',
  'other-policy',
  'other-version',
  'incomplete',
  'unrewarded',
  'missing-logprobs',
  'zero-variance',
  'no-context',
  'other-context',
] as const;
export type SkipReason = (typeof skipReasons)[number];

/** Each reason in words, after a number. */
export const skipTexts: Readonly<Record<SkipReason, string>> = {
  'unreadable-line': 'lines of the ledger: torn, or of another version',
  'other-policy': 'of another policy',
  'other-version': 'of another version of the policy',
  incomplete: 'cut off before all candidates were judged',
  unrewarded: 'with a candidate that failed or was cancelled, and so has no reward',
  'missing-logprobs': 'without log-probabilities of the tokens',
  'zero-variance': 'with equal rewards throughout',
  'no-context': 'that do not tell what the policy was conditioned on',
  'other-context': 'with log-probabilities that this version does not give',
};

const skipCount = z.object({ reason: z.enum(skipReasons), count: z.number() });
export type SkipCount = z.infer<typeof skipCount>;

const trainingMetrics = z.object({
  groups: z.number(),
  completions: z.number(),
  meanReward: z.number(),
  bestReward: z.number(),
  /** Share of the completions that were measured and no worse than slow, 0..1. */
  validFraction: z.number(),
  epochs: z.number(),
  steps: z.number(),
  lossBefore: z.number(),
  loss: z.number(),
  /** Per token, after the update: from the reference policy, and from the version that sampled. */
  kl: z.number(),
  klFromOld: z.number(),
  clipFraction: z.number(),
  gradientNorm: z.number(),
  /** Nats per token, before and after the update. */
  entropyBefore: z.number(),
  entropy: z.number(),
  seconds: z.number(),
});
export type TrainingMetrics = z.infer<typeof trainingMetrics>;

const evaluation = z.object({
  runs: z.array(z.string()),
  /** Mean shaped reward of the new version's groups, and of the current version's on the same modules and datasets. */
  meanReward: z.number(),
  currentMeanReward: z.number(),
  /** Standard error of their difference. */
  standardError: z.number(),
  candidates: z.number(),
  notWorse: z.boolean(),
});
export type Evaluation = z.infer<typeof evaluation>;

/** One round: groups, one update, and what became of the new version. */
const roundReport = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  policy: z.string(),
  /** The version that sampled. */
  from: z.string(),
  mode: z.enum(['online', 'offline']),
  workspace: z.string(),
  modules: z.array(z.enum(moduleNames)),
  datasets: z.array(z.string()),
  /** Runs sampled for this round. */
  runs: z.array(z.string()),
  groups: z.object({ used: z.number(), skipped: z.array(skipCount), repaired: z.number() }),
  /** Per module: of the groups that were used. */
  perModule: z.array(
    z.object({
      module: z.enum(moduleNames),
      groups: z.number(),
      meanReward: z.number(),
      bestReward: z.number(),
      validFraction: z.number(),
    }),
  ),
  /** Null where no group could be trained on. */
  training: trainingMetrics.nullable(),
  /** The version made; null where none was. */
  version: z.string().nullable(),
  evaluation: evaluation.nullable(),
  promoted: z.boolean(),
  /** Why it was promoted, or why not. */
  why: z.string(),
  seconds: z.number(),
});
export type GrpoRoundReport = z.infer<typeof roundReport>;
export const grpoRoundReportSchema = roundReport;

/** What `annsmith grpo --json` prints. */
export interface GrpoReport {
  readonly policy: string;
  readonly rounds: readonly GrpoRoundReport[];
  /** The version that samples from here on. */
  readonly version: string;
}

/** The same for a language model, trained by the Python trainer. */
export interface ModelGrpoReport {
  readonly policy: string;
  readonly mode: 'online' | 'offline';
  /** Of the new adapter: a hash of its weights. */
  readonly version: string;
  /** What it was trained from: an adapter's version, or `base`. */
  readonly parent: string;
  /** Folder of the new adapter. */
  readonly adapter: string;
  readonly groups: number;
  /** Groups left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly meanReward: number | null;
  readonly steps: number;
  /** Of the last step. */
  readonly loss: number | null;
  readonly kl: number | null;
  readonly clipFraction: number | null;
  readonly entropy: number | null;
}

export const checkpointFormat = 1;

/** A version of the built-in policy. Numbers of the network are doubles, little-endian, in base64. */
export const checkpointSchema = z.object({
  format: z.literal(checkpointFormat),
  policy: z.literal('playbook'),
  /** e.g. `pb-3-1f0c9a2b`: the generation, and the start of a hash of weights and parent. */
  version: z.string().regex(/^pb-\d+-[0-9a-f]{8}$/),
  generation: z.number().int().positive(),
  /** Null: trained from the published prior. */
  parent: z.string().nullable(),
  created: z.iso.datetime(),
  /** The grammar's version: token ids mean the same while it is the same. */
  grammar: z.string(),
  /** Version of the published prior that the network adds to, and is kept near. */
  prior: z.string(),
  network: z.object({
    layout: z.number(),
    hidden: z.number().int().positive(),
    weights: z.string(),
  }),
  optimizer: z.object({ step: z.number(), first: z.string(), second: z.string() }),
  metrics: trainingMetrics,
  /** What of which ledger it was trained on. */
  ledger: z.object({
    workspace: z.string(),
    runs: z.array(z.string()),
    groups: z.array(z.string()),
    from: z.string(),
    to: z.string(),
  }),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** Which version samples. `null` stands for the published prior. */
export const promotedSchema = z.object({
  format: z.literal(checkpointFormat),
  promoted: z.string().nullable(),
  /** What was promoted before, newest last. */
  history: z.array(z.string().nullable()),
  at: z.iso.datetime(),
});
export type Promoted = z.infer<typeof promotedSchema>;

/** One version, as `annsmith grpo list --json` prints it. */
export const versionSummarySchema = z.object({
  version: z.string(),
  parent: z.string().nullable(),
  created: z.string().nullable(),
  promoted: z.boolean(),
  metrics: trainingMetrics.nullable(),
  /** Why it cannot be used; absent where it can. */
  problem: z.string().exactOptional(),
});
export type VersionSummary = Readonly<z.infer<typeof versionSummarySchema>>;
