import { lowerHull, qpsAtRecall } from '../../../src/engine/curve.ts';
import type { FinalTrial, Trial } from '../../../src/protocol/ledger.ts';
import type { CurvePoint, Estimate, EstimateMode } from '../../../src/protocol/measurement.ts';

type Measured = FinalTrial['comparison'];

/** The reference of the samples: recall and QPS as an HNSW on MNIST has them. */
const referencePoints = [
  [10, 0.9312, 6210],
  [16, 0.9588, 4870],
  [24, 0.9741, 3920],
  [40, 0.9874, 2890],
  [64, 0.9945, 2080],
  [128, 0.9986, 1240],
] as const;

function curve(factor: number, shift: number, scale: number): CurvePoint[] {
  return referencePoints.map(([ef, recall, qps]) => {
    const speed = (qps * factor) / scale;
    return { ef, recall: Math.min(1, recall + shift), qps: speed, secondsPerQuery: 1 / speed };
  });
}

export function estimate(value: number, half: number): Estimate {
  return { value, low: value - half, high: value + half };
}

export interface SampleComparison {
  /** ln of the speed-up. */
  readonly gain: number;
  readonly half?: number;
  readonly mode?: EstimateMode;
  readonly window?: readonly [number, number];
  /** How much slower the dataset is than the first. */
  readonly scale?: number;
}

/** A comparison as the harness would have measured it, with a few of its chunk pairs. */
export function sampleComparison({
  gain,
  half = 0.01,
  mode = 'resident',
  window = [0.95, 0.995],
  scale = 1,
}: SampleComparison): Measured {
  const factor = Math.exp(gain);
  const reference = curve(1, 0, scale);
  const candidate = curve(factor, 0.0004, scale);
  const logRatio = estimate(gain, half);
  const recalls = [...new Set([window[0], 0.97, 0.99, window[1]])].filter(
    (r) => r >= window[0] && r <= window[1],
  );
  return {
    mode,
    reference,
    candidate,
    logRatio,
    paired: estimate(gain - 0.02, half * 1.4),
    ...(mode === 'resident' ? { resident: logRatio } : {}),
    aucReference: 3000 / scale,
    aucCandidate: (3000 / scale) * factor,
    crinnAucReference: 130,
    crinnAucCandidate: 130 * factor,
    speedupAt: recalls.map((recall) => {
      const referenceQps = qpsAtRecall(lowerHull(reference), recall);
      const candidateQps = qpsAtRecall(lowerHull(candidate), recall);
      const ratio = candidateQps / referenceQps;
      return {
        recall,
        ratio: { value: ratio, low: ratio * (1 - 2 * half), high: ratio * (1 + 2 * half) },
        referenceQps,
        candidateQps,
      };
    }),
    samples: Array.from({ length: 8 }, (_, pair) => ({
      mode,
      processPair: pair % 2,
      round: 0,
      pair,
      first: pair % 2 === 0 ? ('reference' as const) : ('candidate' as const),
      efReference: 40,
      efCandidate: 40,
      secondsReference: 0.00035,
      secondsCandidate: 0.00035 / factor,
    })),
    processPairs: 4,
    looks: 2,
    stopped: 'decided',
    chunk: 400,
    lead: 50,
    recallAtLargestEf: { ef: 128, reference: 0.9986, candidate: 0.999 },
    hugePages: { reference: 0, candidate: 100 << 20 },
    seconds: 41.5,
  };
}

export const sampleCosts = {
  buildCpuSeconds: 21.34,
  prepareCpuSeconds: 0.12,
  memoryBytes: 199_229_440,
  anonymousBytes: 203_423_744,
  hugePageBytes: 0,
};

const dearerCosts = {
  ...sampleCosts,
  prepareCpuSeconds: 0.61,
  anonymousBytes: 251_658_240,
  hugePageBytes: 251_658_240,
};

export function sampleTrial(dataset: string, rows: number, comparison: SampleComparison | null): Trial {
  return {
    dataset,
    rows,
    comparison: comparison === null ? null : sampleComparison(comparison),
    costs: comparison === null ? null : dearerCosts,
  };
}

export function sampleFinal(
  dataset: string,
  comparison: SampleComparison,
  { heldOut = false, threads = [2, 4] }: { heldOut?: boolean; threads?: number[] } = {},
): FinalTrial {
  const factor = Math.exp(comparison.gain);
  const latency = (by: number, ef: number) => ({
    ef,
    p50: 0.000_312 / by,
    p95: 0.000_441 / by,
    p99: 0.000_587 / by,
    mean: 0.000_325 / by,
  });
  return {
    dataset,
    heldOut,
    comparison: sampleComparison(comparison),
    costs: { reference: sampleCosts, candidate: dearerCosts },
    latency: { reference: latency(1, 24), candidate: latency(factor, 20) },
    throughput: threads.map((count) => ({
      threads: count,
      reference: { ef: 24, qps: 3900 * count * 0.93 },
      candidate: { ef: 20, qps: 3900 * factor * count * 0.89 },
    })),
  };
}
