import type { ModuleName } from '../protocol/module.ts';
import { UserError } from './errors.ts';
import type { Workspace } from './module/workspace.ts';

/** @throws UserError where the manifest gives the module no regions. */
export function requireRegions({ regions }: Workspace, module: ModuleName): void {
  if (regions[module].length > 0) return;
  throw new UserError(
    'no-module',
    `annsmith.json: modules.${module}: the workspace names no regions of this module`,
    'Add the regions (file and symbol) that candidates may change; `annsmith modules` shows what there is.',
  );
}
