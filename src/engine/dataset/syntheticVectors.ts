import type { Random } from '../ports.ts';
import { seededRandom } from '../random.ts';
import { normalDeviates } from './normalDeviates.ts';
import type { RawDataset } from './rawDataset.ts';
import type { SyntheticSpec } from './syntheticName.ts';
import type { VectorSource } from './vectorSource.ts';

const batchBytes = 4 << 20;
/** Changing it changes every synthetic set. */
const version = 'annsmith-synthetic-1';
/** Standard deviation of a cluster; that of the centres is 1. Chosen so that clusters touch: a search must leave them. */
const clusterSpread = 0.5;

/** Fills one vector of the distribution; whatever vectors have in common is drawn when it is made. */
type Fill = (vector: Float32Array) => void;

function uniform(random: Random): Fill {
  return (vector) => {
    for (let i = 0; i < vector.length; i++) vector[i] = 2 * random.next() - 1;
  };
}

function normalMatrix(rows: number, columns: number, random: Random): Float64Array {
  const normal = normalDeviates(random);
  return Float64Array.from({ length: rows * columns }, normal);
}

/** A mixture of isotropic Gaussians of equal weight around normally distributed centres. */
function clusters(centres: Float64Array, dim: number, random: Random): Fill {
  const count = centres.length / dim;
  const normal = normalDeviates(random);
  return (vector) => {
    const centre = Math.floor(random.next() * count) * dim;
    for (let i = 0; i < dim; i++) vector[i] = centres[centre + i]! + clusterSpread * normal();
  };
}

/** A curved surface: normal deviates of few dimensions through a random linear map and y / (1 + |y|). */
function manifold(map: Float64Array, intrinsic: number, random: Random): Fill {
  const normal = normalDeviates(random);
  const point = new Float64Array(intrinsic);
  const scale = 1 / Math.sqrt(intrinsic);
  return (vector) => {
    for (let j = 0; j < intrinsic; j++) point[j] = normal();
    for (let i = 0; i < vector.length; i++) {
      let y = 0;
      for (let j = 0; j < intrinsic; j++) y += map[i * intrinsic + j]! * point[j]!;
      y *= scale;
      vector[i] = y / (1 + Math.abs(y));
    }
  };
}

function source(label: string, rows: number, dim: number, fill: () => Fill): VectorSource {
  const perBatch = Math.max(1, Math.floor(batchBytes / (4 * dim)));
  return {
    label,
    rows,
    dim,
    async *batches() {
      const next = fill();
      for (let from = 0; from < rows; from += perBatch) {
        const batch = new Float32Array(Math.min(perBatch, rows - from) * dim);
        for (let at = 0; at < batch.length; at += dim) next(batch.subarray(at, at + dim));
        yield batch;
      }
    },
    locate: (row, column) => `vector ${row}, value ${column}`,
  };
}

/**
 * The vectors that a synthetic name stands for, made while they are read: the same on every machine. Base and queries are
 * independent draws of one distribution, which the seed and the shape of the set choose.
 */
export function syntheticVectors(spec: SyntheticSpec): RawDataset {
  const { kind, n, d, queries, seed } = spec;
  const random = seededRandom(seed, `${version}/${kind}`);
  const fill = (() => {
    if (kind === 'clusters') {
      const centres = normalMatrix(spec.clusters, d, random.fork('centres'));
      return (part: Random): Fill => clusters(centres, d, part);
    }
    if (kind === 'manifold') {
      const map = normalMatrix(d, spec.intrinsic, random.fork('map'));
      return (part: Random): Fill => manifold(map, spec.intrinsic, part);
    }
    return uniform;
  })();
  return {
    base: source(`${spec.name} (base)`, n, d, () => fill(random.fork('base'))),
    queries: source(`${spec.name} (queries)`, queries, d, () => fill(random.fork('queries'))),
  };
}
