export const metricNames = ['euclidean', 'angular', 'ip'] as const;
export type MetricName = (typeof metricNames)[number];

/** A dataset in canonical form in the machine's cache, ready for the harness. */
export interface PreparedDataset {
  readonly name: string;
  readonly metric: MetricName;
  readonly n: number;
  readonly dim: number;
  /** Number of query rows; rows are stored in a seeded permutation so that row ranges are fair splits. */
  readonly queries: number;
  /** Row ranges of the query file: what optimization may see, and what is kept for confirmation. */
  readonly optimizeRows: RowRange;
  readonly holdoutRows: RowRange;
  /** Canonical files: `.fbin` vectors (angular ones unit-norm) and bigann-format truth, `truthK` neighbours per query. */
  readonly basePath: string;
  readonly queryPath: string;
  readonly truthPath: string;
  readonly truthK: number;
  /** SHA-256 over the canonical base and query files and the metric. */
  readonly fingerprint: string;
}

export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/** What `annsmith datasets list` shows. */
export interface DatasetInfo {
  readonly name: string;
  readonly metric: MetricName;
  readonly n: number;
  readonly dim: number;
  readonly queries: number;
  readonly licence: string;
  readonly sources: readonly string[];
  /** What a user of the set must know. */
  readonly note?: string;
  readonly state: 'ready' | 'absent' | 'partial';
  readonly bytesOnDisk: number;
}

/** A family of seeded sets that are made on demand, under names such as `example`. */
export interface SyntheticKind {
  readonly kind: 'clusters' | 'uniform' | 'manifold';
  readonly about: string;
  readonly example: string;
}

/** Dataset names of a list with commas; those within a synthetic name (`...:n=1000,d=16`) do not end it. */
export function splitDatasetNames(text: string): string[] {
  return text.split(/,(?!\s*[a-z]+=)/).map((name) => name.trim());
}
