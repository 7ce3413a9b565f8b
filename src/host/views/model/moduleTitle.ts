import { type ModuleName, moduleNames } from '../../../protocol/module.ts';
import type { Localize } from '../../localize.ts';

export function moduleTitle(module: ModuleName, l10n: Localize): string {
  switch (module) {
    case 'construction':
      return l10n.t('Construction');
    case 'search':
      return l10n.t('Search');
    case 'refinement':
      return l10n.t('Refinement');
  }
}

/** Of the modules of a run. */
export function modulesTitle(modules: readonly ModuleName[], l10n: Localize): string {
  return modules.length === moduleNames.length
    ? l10n.t('All modules')
    : modules.map((module) => moduleTitle(module, l10n)).join(', ');
}
