import type { PolicyState } from '../../../src/protocol/engine.ts';
import type { GrpoRoundReport, TrainingMetrics, VersionSummary } from '../../../src/protocol/grpo.ts';

const metrics: TrainingMetrics = {
  groups: 2,
  completions: 16,
  meanReward: 0.125,
  bestReward: 0.5,
  validFraction: 0.75,
  epochs: 1,
  steps: 2,
  lossBefore: 0,
  loss: -0.1,
  kl: 0.0125,
  klFromOld: 0.01,
  clipFraction: 0.25,
  gradientNorm: 1,
  entropyBefore: 1.5,
  entropy: 1.25,
  seconds: 2,
};

/** A version of the built-in policy, trained and not promoted unless told otherwise. */
export function versionOf(version: string, changes: Partial<VersionSummary> = {}): VersionSummary {
  const created = '2026-02-01T10:00:00.000Z';
  return { version, parent: null, created, promoted: false, metrics, ...changes };
}

/** A round over two modules whose version was promoted. */
export function roundOf(changes: Partial<GrpoRoundReport> = {}): GrpoRoundReport {
  return {
    id: 'aabbccdd',
    at: '2026-02-01T10:00:00.000Z',
    policy: 'playbook',
    from: '3+5f1d0c7a9e21',
    mode: 'online',
    workspace: 'hnsw',
    modules: ['search', 'refinement'],
    datasets: ['mnist-784-euclidean'],
    runs: ['r1', 'r2'],
    groups: { used: 2, skipped: [{ reason: 'zero-variance', count: 1 }], repaired: 0 },
    perModule: [
      { module: 'search', groups: 1, meanReward: 0.25, bestReward: 0.5, validFraction: 1 },
      { module: 'refinement', groups: 1, meanReward: 0, bestReward: 0.1, validFraction: 0.5 },
    ],
    training: metrics,
    version: 'pb-1-aaaaaaaa',
    evaluation: {
      runs: ['r2'],
      meanReward: 0.2,
      currentMeanReward: 0.125,
      standardError: 0.05,
      candidates: 16,
      notWorse: true,
    },
    promoted: true,
    why: 'mean reward 0.200 against 0.125: not worse',
    seconds: 300,
    ...changes,
  };
}

/** Three rounds: one promoted, one not, and one without anything to train on. */
export function sampleState(): PolicyState {
  return {
    versions: [
      versionOf('3+5f1d0c7a9e21', { created: null, metrics: null }),
      versionOf('pb-1-aaaaaaaa', { parent: '3+5f1d0c7a9e21', promoted: true }),
      versionOf('pb-2-bbbbbbbb', { parent: 'pb-1-aaaaaaaa' }),
    ],
    rounds: [
      roundOf(),
      roundOf({
        id: '2',
        from: 'pb-1-aaaaaaaa',
        version: 'pb-2-bbbbbbbb',
        promoted: false,
        training: { ...metrics, meanReward: 0.375, kl: 0.05 },
        why: 'mean reward 0.100 against 0.200: worse',
      }),
      roundOf({
        id: '3',
        from: 'pb-1-aaaaaaaa',
        version: null,
        promoted: false,
        training: null,
        evaluation: null,
        perModule: [],
        why: 'no group could be trained on',
      }),
    ],
  };
}
