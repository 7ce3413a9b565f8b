import type { Measured, ModuleOverview, WorkspaceOverview } from '../../../protocol/engine.ts';
import type { ModuleName, Region } from '../../../protocol/module.ts';
import { formatGain, formatQps } from '../../../protocol/numberText.ts';
import { itemKinds } from '../../ids.ts';
import type { Localize } from '../../localize.ts';
import { byFolder } from './folders.ts';
import { formatEstimate, formatTime } from './format.ts';
import { moduleTitle } from './moduleTitle.ts';
import { described, line, type NodeIcon, type TooltipPart, title, type ViewNode } from './node.ts';

const moduleIcons: Readonly<Record<ModuleName, string>> = {
  construction: 'type-hierarchy',
  search: 'search',
  refinement: 'list-ordered',
};

const regionIcons: Readonly<Record<Region['kind'], string>> = {
  function: 'symbol-method',
  type: 'symbol-class',
  member: 'symbol-field',
  includes: 'symbol-file',
};

/** Modules and their regions. A broken manifest has no rows: the welcome and the Problems panel tell about it. */
export function modulesTree(workspaces: readonly WorkspaceOverview[], l10n: Localize): readonly ViewNode[] {
  return byFolder(workspaces, 'modules', ({ root, state, modules }) =>
    state === 'ready' ? modules.map((module) => moduleNode(root, module, l10n)) : [],
  );
}

function moduleNode(root: string, overview: ModuleOverview, l10n: Localize): ViewNode {
  const { module, measured, best, regions } = overview;
  return {
    id: `module:${root}:${module}`,
    label: moduleTitle(module, l10n),
    description: described(
      measured === null ? l10n.t('not measured') : speedText(measured, l10n),
      measured?.stale === true && l10n.t('stale'),
      best !== null && l10n.t('best {0}', formatGain(best.gain.value)),
    ),
    tooltip: moduleTooltip(overview, l10n),
    icon: { name: moduleIcons[module] },
    kind: itemKinds.module,
    target: { root, module },
    children: regionNodes(root, module, regions, l10n),
  };
}

function speedText({ qps, recall }: Measured, l10n: Localize): string {
  return qps === null
    ? l10n.t('recall {0} not reached', recall)
    : l10n.t('{0} QPS at recall {1}', formatQps(qps), recall);
}

function moduleTooltip({ module, measured, best, regions }: ModuleOverview, l10n: Localize): TooltipPart[] {
  const files = new Set(regions.map(({ file }) => file)).size;
  const parts = [
    title(moduleTitle(module, l10n)),
    line(l10n.t('Regions: {0}, files: {1}.', regions.length, files)),
  ];
  if (measured !== null) {
    const { dataset, at, stale } = measured;
    parts.push(
      line(l10n.t('Measured on {0}, {1}: {2}.', dataset, formatTime(at), speedText(measured, l10n))),
    );
    if (stale) parts.push(line(l10n.t('Its code, or what it is built with, was changed since.')));
  }
  if (best !== null) {
    const gain = formatEstimate(best.gain);
    parts.push(line(l10n.t('Best candidate {0}: {1}, 95 % interval.', best.candidate, gain)));
  }
  return parts;
}

function regionNodes(
  root: string,
  module: ModuleName,
  regions: readonly Region[],
  l10n: Localize,
): ViewNode[] {
  // A symbol may be listed twice, as overloads are.
  const seen = new Map<string, number>();
  return regions.map((region) => {
    const { file, symbol, kind, startLine, endLine } = region;
    const key = `${file}#${symbol}`;
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    const icon: NodeIcon = { name: regionIcons[kind] };
    return {
      id: `region:${root}:${module}:${key}${count === 0 ? '' : `:${count}`}`,
      label: kind === 'includes' ? l10n.t('Includes') : symbol,
      description: `${file}:${startLine}`,
      tooltip: [title(symbol), line(l10n.t('{0}, lines {1} to {2}', file, startLine, endLine))],
      icon,
      kind: itemKinds.region,
      target: { root, module, file, line: startLine },
      goes: true,
      children: [],
    };
  });
}
