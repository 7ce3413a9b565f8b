/** Reads canonical files back and checks their truth by brute force. */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { abiDistance } from '../../../src/engine/dataset/claimedNeighbours.ts';
import { readTruth } from '../../../src/engine/dataset/truthFile.ts';
import type { MetricName, PreparedDataset } from '../../../src/protocol/dataset.ts';
import type { Matrix } from './support.ts';

export function row({ dim, values }: Matrix, i: number): Float32Array {
  return values.subarray(i * dim, (i + 1) * dim);
}

export async function readFbin(path: string): Promise<Matrix> {
  const bytes = await readFile(path);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8, bytes.byteOffset + bytes.length));
  return { rows: bytes.readUInt32LE(0), dim: bytes.readUInt32LE(4), values };
}

/** Distances from one query to all rows, with the nearest first. */
export function bruteForce(
  from: Matrix,
  query: Float32Array,
  metric: MetricName,
): { id: number; distance: number }[] {
  return Array.from({ length: from.rows }, (_, id) => ({
    id,
    distance: abiDistance(metric, query, row(from, id)),
  })).sort((a, b) => a.distance - b.distance || a.id - b.id);
}

export async function expectTruth(dataset: PreparedDataset): Promise<void> {
  const truth = await readTruth(dataset.truthPath);
  const canonicalBase = await readFbin(dataset.basePath);
  const canonicalQueries = await readFbin(dataset.queryPath);
  expect([truth.queries, truth.k]).toEqual([dataset.queries, dataset.truthK]);
  for (let q = 0; q < dataset.queries; q++) {
    const expected = bruteForce(canonicalBase, row(canonicalQueries, q), dataset.metric).slice(0, truth.k);
    expect([...truth.ids.subarray(q * truth.k, (q + 1) * truth.k)]).toEqual(expected.map(({ id }) => id));
    const distances = truth.distances.subarray(q * truth.k, (q + 1) * truth.k);
    for (const [i, { distance }] of expected.entries()) expect(distances[i]).toBeCloseTo(distance, 5);
  }
}
