import type { EfPair, RecallPoint } from './roundSample.ts';

type PlannedPoint = Pick<RecallPoint, 'ef' | 'recall'>;

/**
 * Which ef pairs are measured: every placed ef of both sides appears, next to the other side's ef of nearest recall,
 * so that drift and cache state are shared by points that matter for the same part of the curve.
 */
export function pairEfs(reference: readonly PlannedPoint[], candidate: readonly PlannedPoint[]): EfPair[] {
  if (reference.length === 0 || candidate.length === 0) throw new RangeError('each side needs an ef');
  const pairs = candidate.map((point) => ({
    efReference: nearest(reference, point.recall),
    efCandidate: point.ef,
  }));
  const covered = new Set(pairs.map((pair) => pair.efReference));
  for (const point of reference) {
    if (covered.has(point.ef)) continue;
    pairs.push({ efReference: point.ef, efCandidate: nearest(candidate, point.recall) });
  }
  return pairs.sort((a, b) => a.efReference - b.efReference || a.efCandidate - b.efCandidate);
}

function nearest(points: readonly PlannedPoint[], recall: number): number {
  return points.reduce((best, point) =>
    Math.abs(point.recall - recall) < Math.abs(best.recall - recall) ? point : best,
  ).ef;
}

/** How a round is cut: chunk pairs (even, so that both orders are equally frequent), queries per chunk and lead. */
export interface RoundShape {
  readonly chunk: number;
  readonly lead: number;
  readonly warm: number;
  readonly pairs: number;
}

/**
 * Chunk pairs that fill `seconds`, at least one ABBA turn, at most what the rows allow without giving a query twice
 * to one process; with few rows the chunk shrinks. `secondsPerQuery` is the sum over both sides.
 */
export function shapeRound(
  wanted: { readonly chunk: number; readonly lead: number; readonly warm: number },
  seconds: number,
  secondsPerQuery: number,
  rows: number,
): RoundShape {
  const warm = Math.min(wanted.warm, Math.floor(rows / 5));
  const room = Math.floor((rows - warm) / 2);
  const share = Math.min(1, room / (wanted.chunk + wanted.lead));
  const chunk = Math.max(1, Math.floor(wanted.chunk * share));
  const lead = Math.floor(wanted.lead * share);
  const affordable = seconds / ((chunk + lead) * secondsPerQuery);
  const available = (rows - warm) / (chunk + lead);
  const pairs = Math.max(2, 2 * Math.floor(Math.min(affordable, available, 32) / 2));
  return { chunk, lead, warm, pairs };
}
