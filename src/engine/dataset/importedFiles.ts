import type { MetricName } from '../../protocol/dataset.ts';
import { UserError } from '../errors.ts';
import { withHdf5 } from './hdf5.ts';
import type { RawDataset } from './rawDataset.ts';
import { isHdf5, openVectors, readNeighbours } from './vectorFiles.ts';

export interface ImportedFiles {
  readonly metric: MetricName;
  readonly base: string;
  readonly queries?: string;
  readonly neighbours?: string;
  readonly baseField?: string;
  readonly queriesField?: string;
}

/** How ann-benchmarks names its metrics. */
const metricOfDistance: Readonly<Record<string, MetricName>> = {
  euclidean: 'euclidean',
  angular: 'angular',
  'inner-product': 'ip',
  ip: 'ip',
};

/** Opens a user's own files and hands what they hold to `use`. */
export async function withImportedFiles<T>(
  files: ImportedFiles,
  use: (raw: RawDataset) => Promise<T>,
): Promise<T> {
  const neighbours = files.neighbours === undefined ? undefined : await readNeighbours(files.neighbours);
  return await withBase(files, (raw) =>
    withQueries(files, raw, (whole) => use(neighbours === undefined ? whole : { ...whole, neighbours })),
  );
}

async function withBase<T>(files: ImportedFiles, use: (raw: RawDataset) => Promise<T>): Promise<T> {
  if (!isHdf5(files.base)) return await use({ base: await openVectors(files.base) });
  const fields = {
    ...(files.baseField === undefined ? {} : { base: files.baseField }),
    ...(files.queriesField === undefined ? {} : { queries: files.queriesField }),
  };
  return await withHdf5(files.base, fields, (contents) => {
    const stated = metricOfDistance[contents.distance ?? ''];
    if (stated !== undefined && stated !== files.metric) {
      throw new UserError(
        'dataset-metric',
        `${files.base}: attribute distance is ${contents.distance}, but the metric asked for is ${files.metric}`,
        `Import it with the metric ${stated}.`,
      );
    }
    return use(contents);
  });
}

async function withQueries<T>(
  files: ImportedFiles,
  raw: RawDataset,
  use: (raw: RawDataset) => Promise<T>,
): Promise<T> {
  if (files.queries === undefined) return await use(raw);
  // Neighbours inside the base's file belong to that file's queries.
  if (!isHdf5(files.queries)) return await use({ base: raw.base, queries: await openVectors(files.queries) });
  return await withHdf5(files.queries, { base: files.queriesField ?? 'test' }, (contents) =>
    use({ base: raw.base, queries: contents.base }),
  );
}
