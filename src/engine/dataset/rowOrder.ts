import type { RowRange } from '../../protocol/dataset.ts';
import type { Random } from '../ports.ts';
import { seededRandom } from '../random.ts';

/** The same content must get the same order on every machine; changing the seed changes every fingerprint. */
const orderSeed = 'annsmith-query-order-1';
const holdoutShare = 0.2;

/** Numbers 0..count-1 in random order (Fisher-Yates). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/** Order in which the queries of a dataset are stored: new row i is old row order[i]. */
export function queryOrder(count: number): Uint32Array {
  return permutation(count, seededRandom(orderSeed, `order/${count}`));
}

/** Order of the vectors of a source without a split, of which the last become the queries. */
export function poolOrder(count: number): Uint32Array {
  return permutation(count, seededRandom(orderSeed, `pool/${count}`));
}

/** `size` distinct rows below `count`, ascending. */
export function sampleRows(count: number, size: number, label: string): Uint32Array {
  return permutation(count, seededRandom(orderSeed, `${label}/${count}`))
    .slice(0, size)
    .sort();
}

/** What optimization may see, and the rest, kept for confirmation; each has at least one row where there are two. */
export function splitQueries(queries: number): { optimizeRows: RowRange; holdoutRows: RowRange } {
  const holdout = queries < 2 ? 0 : Math.max(1, Math.round(queries * holdoutShare));
  return {
    optimizeRows: { start: 0, count: queries - holdout },
    holdoutRows: { start: queries - holdout, count: holdout },
  };
}
