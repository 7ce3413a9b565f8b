import type {
  BothSides,
  ChunkPair,
  Comparison,
  CurvePoint,
  EstimateMode,
  RecallWindow,
  SpeedupAt,
} from '../../protocol/measurement.ts';
import { areaUnderCurve, crinnAuc, lowerHull, qpsAtRecall } from '../curve.ts';
import type { LiveFacts } from './liveRounds.ts';
import type { RecallPoint, RoundSample } from './roundSample.ts';
import type { Decision } from './sequential.ts';

export interface ComparisonParts {
  readonly mode: EstimateMode;
  readonly decision: Decision;
  readonly window: RecallWindow;
  readonly recallReference: readonly RecallPoint[];
  readonly recallCandidate: readonly RecallPoint[];
  readonly recallAtLargestEf: BothSides<number> & { readonly ef: number };
  readonly processPairs: number;
  readonly facts: LiveFacts;
  readonly seconds: number;
}

/** Where speed ratios are reported: the window's edges, and the customary recalls inside it. */
export function speedupRecalls([low, high]: RecallWindow): number[] {
  const customary = [0.95, 0.99].filter((recall) => recall > low && recall < high);
  return [low, ...customary, high];
}

/** The record of a finished measurement: curves, areas, ratios and every sample. */
export function buildComparison(parts: ComparisonParts): Comparison {
  const { mode, decision, window } = parts;
  const { levels } = decision.bootstrap;
  const efs = (side: 'efReference' | 'efCandidate'): number[] =>
    [...new Set(decision.rounds.map((round) => round[side]))].sort((a, b) => a - b);
  const reference = curve(efs('efReference'), levels.reference, parts.recallReference);
  const candidate = curve(efs('efCandidate'), levels.candidate, parts.recallCandidate);
  const hulls = { reference: lowerHull(reference), candidate: lowerHull(candidate) };
  const speedupAt = speedupRecalls(window).flatMap((recall, i): SpeedupAt[] => {
    const ratio = decision.speedups[i];
    if (ratio === undefined || Number.isNaN(ratio.value)) return [];
    const referenceQps = qpsAtRecall(hulls.reference, recall);
    return [{ recall, ratio, referenceQps, candidateQps: qpsAtRecall(hulls.candidate, recall) }];
  });
  return {
    mode,
    reference,
    candidate,
    logRatio: decision.logRatio,
    [mode]: decision.logRatio,
    aucReference: areaUnderCurve(reference, window),
    aucCandidate: areaUnderCurve(candidate, window),
    crinnAucReference: crinnAuc(reference, window),
    crinnAucCandidate: crinnAuc(candidate, window),
    speedupAt,
    samples: decision.rounds.flatMap((round, index) => chunkPairs(mode, round, index)),
    processPairs: parts.processPairs,
    looks: decision.looks,
    stopped: decision.stopped,
    chunk: parts.facts.chunk,
    lead: parts.facts.lead,
    recallAtLargestEf: parts.recallAtLargestEf,
    hugePages: parts.facts.hugePages,
    seconds: parts.seconds,
  };
}

function curve(efs: readonly number[], levels: Float64Array, recalls: readonly RecallPoint[]): CurvePoint[] {
  return efs.map((ef, i) => {
    const secondsPerQuery = Math.exp(levels[i]!);
    const recall = recalls.find((point) => point.ef === ef)!.recall;
    return { ef, recall, secondsPerQuery, qps: 1 / secondsPerQuery };
  });
}

function chunkPairs(mode: EstimateMode, round: RoundSample, index: number): ChunkPair[] {
  return round.pairs.map((pair, i) => ({
    mode,
    processPair: round.processPair,
    round: index,
    pair: i,
    first: pair.first,
    efReference: round.efReference,
    efCandidate: round.efCandidate,
    secondsReference: pair.secondsReference,
    secondsCandidate: pair.secondsCandidate,
  }));
}
