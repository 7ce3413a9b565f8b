import { isAbort, UserError } from '../errors.ts';
import type { ProcessRunner } from '../ports.ts';
import { type BuildRequest, buildEntry } from './buildEntry.ts';
import type { CacheEntry } from './cacheEntry.ts';
import { sourceText, withSource } from './fetchSource.ts';
import type { RawDataset } from './rawDataset.ts';
import type { RegistryEntry } from './registry.ts';
import type { SyntheticSpec } from './syntheticName.ts';
import { syntheticVectors } from './syntheticVectors.ts';

/** Fetches a dataset of the registry from the first source that has it. Throws `dataset-unavailable`. */
export async function fetchRegistered(
  registered: RegistryEntry,
  request: BuildRequest,
  processes: ProcessRunner,
): Promise<CacheEntry> {
  const { name, metric, licence, fingerprint, queries } = registered;
  const failures: UserError[] = [];
  for (const source of registered.sources) {
    const about = { metric, licence, fingerprint, source: sourceText(source), imported: false };
    try {
      return await buildEntry(request, (temporaryDir, prepare) => {
        const { onProgress, signal } = request;
        const { downloads } = request.paths;
        const context = { processes, downloads, temporaryDir, onProgress, signal };
        return withSource(source, queries, context, (raw) => {
          checkShape(registered, raw);
          return prepare(raw, about);
        });
      });
    } catch (error) {
      if (isAbort(error) || !(error instanceof UserError)) throw error;
      // Another source would meet the same.
      if (error.code.startsWith('native-') || error.code === 'dataset-cache') throw error;
      failures.push(error);
      request.onWarning(error.message);
    }
  }
  throw new UserError(
    'dataset-unavailable',
    `${name} cannot be had from any of its sources:\n${failures.map((f) => `  ${f.message}`).join('\n')}`,
    failures.at(-1)?.fix ?? 'Import the files yourself: `annsmith datasets import`.',
    failures[0],
  );
}

/** What a source gives must be what the registry says the name means. */
function checkShape(registered: RegistryEntry, raw: RawDataset): void {
  const found = [raw.base.rows, raw.base.dim, raw.queries?.rows ?? 0];
  const expected = [registered.n, registered.dim, registered.queries];
  if (found.every((value, i) => value === expected[i])) return;
  throw new UserError(
    'dataset-malformed',
    `${raw.base.label}: rows, dimension and queries are ${found.join(', ')}, expected ${expected.join(', ')}`,
    'The source has changed; another source is tried.',
  );
}

/** Makes the set that a synthetic name stands for. */
export function generate(spec: SyntheticSpec, request: BuildRequest): Promise<CacheEntry> {
  const about = { metric: spec.metric, licence: 'generated', source: 'seeded generator', imported: false };
  return buildEntry(request, (_temporary, prepare) => prepare(syntheticVectors(spec), about));
}
