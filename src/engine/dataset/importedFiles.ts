import type { MetricName } from '../../protocol/dataset.ts';
import { UserError } from '../errors.ts';
import { withHdf5 } from './hdf5.ts';
import type { RawDataset } from './rawDataset.ts';
import { isHdf5, openVectors, readNeighbours } from './vectorFiles.ts';

export interface ImportedFiles {
  /** Default: what the HDF5 file of the base says, else euclidean. */
  readonly metric?: MetricName;
  /** npy, fvecs, fbin, u8bin, i8bin, idx (also gzipped) or HDF5. */
  readonly base: string;
  /** Default: array `test` of an HDF5 base, where it has one and `split` is not given. */
  readonly queries?: string;
  /** Rows of the base that become queries, drawn by a fixed seed; without queries the default is 1 %, at most 10,000. */
  readonly split?: number;
  /** ivecs or ibin, one row per query; used only if a recomputed sample agrees. */
  readonly neighbours?: string;
  /** Names of the arrays in an HDF5 file; default `train` and `test`. */
  readonly baseField?: string;
  readonly queriesField?: string;
}

type Use<T> = (raw: RawDataset, metric: MetricName) => Promise<T>;

/** What ann-benchmarks and others call the metrics. */
const metricOfDistance: Readonly<Record<string, MetricName>> = {
  euclidean: 'euclidean',
  l2: 'euclidean',
  angular: 'angular',
  cosine: 'angular',
  ip: 'ip',
  'inner-product': 'ip',
  dot: 'ip',
};

/** Opens a user's own files and hands what they hold to `use`, with the metric. */
export async function withImportedFiles<T>(files: ImportedFiles, use: Use<T>): Promise<T> {
  checkOptions(files);
  const neighbours = files.neighbours === undefined ? undefined : await readNeighbours(files.neighbours);
  return await withBase(files, (raw, metric) =>
    withQueries(files, raw, async (whole) => {
      if (neighbours === undefined) return await use(whole, metric);
      if (whole.queries === undefined) {
        const fix = 'Give the queries that they belong to, or leave the neighbours out.';
        throw new UserError('dataset-options', `${files.neighbours}: there are no queries beside it`, fix);
      }
      return await use({ ...whole, neighbours }, metric);
    }),
  );
}

function checkOptions({ queries, split, neighbours }: ImportedFiles): void {
  const wrong = (problem: string, fix: string): UserError => new UserError('dataset-options', problem, fix);
  if (split === undefined) return;
  if (queries !== undefined) throw wrong('both queries and split are given', 'Give one of them.');
  if (neighbours !== undefined) {
    throw wrong('neighbours cannot belong to a split of the base', 'Leave the neighbours out.');
  }
  if (!Number.isSafeInteger(split) || split < 1) {
    throw wrong(`split is ${split}`, 'Give the number of rows that become queries, at least 1.');
  }
}

/** The metric asked for, which must not contradict what the file says. */
function metricFor(files: ImportedFiles, distance: string | undefined): MetricName {
  const stated = distance === undefined ? undefined : metricOfDistance[distance.toLowerCase()];
  if (files.metric === undefined && distance !== undefined && stated === undefined) {
    throw new UserError(
      'dataset-metric',
      `${files.base}: attribute distance is ${distance}, which is not supported`,
      `Supported: ${Object.keys(metricOfDistance).join(', ')}. Or name the metric to use: --metric.`,
    );
  }
  if (stated !== undefined && files.metric !== undefined && stated !== files.metric) {
    throw new UserError(
      'dataset-metric',
      `${files.base}: attribute distance is ${distance}, but the metric asked for is ${files.metric}`,
      `Import it with the metric ${stated}.`,
    );
  }
  return files.metric ?? stated ?? 'euclidean';
}

async function withBase<T>(files: ImportedFiles, use: Use<T>): Promise<T> {
  if (!isHdf5(files.base))
    return await use({ base: await openVectors(files.base) }, metricFor(files, undefined));
  const fields = {
    ...(files.baseField === undefined ? {} : { base: files.baseField }),
    ...(files.queriesField === undefined ? {} : { queries: files.queriesField }),
  };
  return await withHdf5(files.base, fields, ({ base, queries, neighbours, distance }) => {
    const metric = metricFor(files, distance);
    // Neighbours of the file belong to the file's queries.
    return use(files.split === undefined ? { base, queries, neighbours } : { base }, metric);
  });
}

async function withQueries<T>(
  files: ImportedFiles,
  raw: RawDataset,
  use: (raw: RawDataset) => Promise<T>,
): Promise<T> {
  if (files.queries === undefined) return await use(raw);
  if (!isHdf5(files.queries)) return await use({ base: raw.base, queries: await openVectors(files.queries) });
  return await withHdf5(files.queries, { base: files.queriesField ?? 'test' }, (contents) =>
    use({ base: raw.base, queries: contents.base }),
  );
}
