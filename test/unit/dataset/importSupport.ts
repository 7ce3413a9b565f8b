/** A base and queries of one's own, and how they are imported into a cache of the test's own. */
import { join } from 'node:path';
import { type Datasets, type ImportRequest, openDatasets } from '../../../src/engine/dataset/datasets.ts';
import type { PreparedDataset } from '../../../src/protocol/dataset.ts';
import { type Bench, fvecs, randomMatrix } from './support.ts';

export const base = randomMatrix(400, 12, 1);
export const queries = randomMatrix(30, 12, 2);

export interface Imports {
  open(): Datasets;
  importBoth(extra?: Partial<ImportRequest>): Promise<PreparedDataset>;
}

export function importsInto(bench: Bench): Imports {
  const open = (): Datasets =>
    openDatasets({ services: bench.services, cacheDir: join(bench.folder, 'cache') });
  return {
    open,
    async importBoth(extra = {}) {
      const basePath = await bench.write('base.fvecs', fvecs(base));
      const queryPath = await bench.write('queries.fvecs', fvecs(queries));
      return open().importVectors({
        name: 'mine',
        metric: 'euclidean',
        base: basePath,
        queries: queryPath,
        ...extra,
      });
    },
  };
}
