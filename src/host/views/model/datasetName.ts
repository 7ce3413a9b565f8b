import type { Localize } from '../../localize.ts';
import { isSynthetic } from './datasets.ts';

const allowed = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

/** Why a dataset cannot be imported under the name; undefined where it can. */
export function nameProblem(name: string, taken: readonly string[], l10n: Localize): string | undefined {
  if (!allowed.test(name)) {
    return l10n.t(
      'Use letters, digits, dots, dashes and underscores, at most 100; begin with a letter or digit.',
    );
  }
  if (isSynthetic(name)) return l10n.t('Names that begin with {0} stand for seeded sets.', 'synthetic-');
  if (taken.includes(name)) return l10n.t('There is a dataset {0} already.', name);
  return undefined;
}

/** A name for what a file holds: its base name without extensions, made to fit. */
export function suggestedName(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? '';
  const stem = base.replace(/(\.(npy|fvecs|fbin|u8bin|i8bin|idx|hdf5|h5|gz))+$/i, '');
  return stem
    .replace(/[^a-z0-9._-]+/gi, '-')
    .replace(/^[^a-z0-9]+/i, '')
    .slice(0, 100);
}
