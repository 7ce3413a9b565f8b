import type { DatasetInfo } from '../../../protocol/dataset.ts';
import type { WorkspaceOverview } from '../../../protocol/engine.ts';
import { formatBytes } from '../../../protocol/numberText.ts';
import { itemKinds } from '../../ids.ts';
import type { Localize } from '../../localize.ts';
import { formatCount } from './format.ts';
import { described, line, type NodeIcon, type TooltipPart, title, type ViewNode } from './node.ts';

/** A dataset that is being fetched or imported. */
export interface BusyDataset {
  readonly message: string;
  /** 0..1, where it is known. */
  readonly fraction: number | undefined;
}

export interface DatasetsInput {
  readonly workspaces: readonly WorkspaceOverview[];
  /** Undefined until the server has said. */
  readonly datasets: readonly DatasetInfo[] | undefined;
  /** What runs of some folder are measured on, unless told otherwise. */
  readonly inUse: readonly string[];
  readonly busy: ReadonlyMap<string, BusyDataset>;
}

/** Those of the manifests first, then those that are here, then what could be fetched. */
export function datasetsTree(input: DatasetsInput, l10n: Localize): readonly ViewNode[] {
  const { workspaces, datasets, busy } = input;
  if (datasets === undefined) return [];
  const ready = datasets.filter(({ state }) => state === 'ready');
  const names = new Set([
    ...workspaces.flatMap((workspace) => workspace.datasets),
    ...busy.keys(),
    ...ready.map(({ name }) => name),
    ...datasets.map(({ name }) => name),
  ]);
  const known = new Map(datasets.map((info) => [info.name, info]));
  return [...names].map((name) => datasetNode(name, known.get(name), input, l10n));
}

function datasetNode(
  name: string,
  info: DatasetInfo | undefined,
  { inUse, busy }: DatasetsInput,
  l10n: Localize,
): ViewNode {
  const work = busy.get(name);
  return {
    id: `dataset:${name}`,
    label: name,
    description: described(
      inUse.includes(name) && l10n.t('in use'),
      work === undefined ? stateText(name, info, l10n) : workText(work, l10n),
      info !== undefined && shapeText(info),
      info !== undefined && info.bytesOnDisk > 0 && formatBytes(info.bytesOnDisk),
    ),
    tooltip: datasetTooltip(name, info, work, l10n),
    icon: work === undefined ? stateIcon(info) : { name: 'loading~spin' },
    kind: work === undefined ? kindOf(info) : itemKinds.datasetBusy,
    target: { dataset: name },
    children: [],
  };
}

function kindOf(info: DatasetInfo | undefined): string {
  return info?.state === 'ready' ? itemKinds.datasetReady : itemKinds.datasetAbsent;
}

function stateText(name: string, info: DatasetInfo | undefined, l10n: Localize): string {
  switch (info?.state) {
    case 'ready':
      return l10n.t('ready');
    case 'partial':
      return l10n.t('incomplete');
    case 'absent':
      return l10n.t('not here yet');
    case undefined:
      return isSynthetic(name) ? l10n.t('made on demand') : l10n.t('unknown on this machine');
  }
}

/** Names of this form stand for seeded sets that the engine makes when they are asked for. */
export function isSynthetic(name: string): boolean {
  return name.startsWith('synthetic-');
}

function workText({ fraction }: BusyDataset, l10n: Localize): string {
  return fraction === undefined
    ? l10n.t('being prepared')
    : l10n.t('being prepared, {0} %', Math.round(fraction * 100));
}

/** e.g. "60,000 x 784 euclidean". */
export function shapeText({ n, dim, metric }: DatasetInfo): string {
  return `${formatCount(n)} x ${formatCount(dim)} ${metric}`;
}

function stateIcon(info: DatasetInfo | undefined): NodeIcon {
  if (info?.state === 'ready') return { name: 'database', colour: 'testing.iconPassed' };
  if (info?.state === 'partial') return { name: 'warning', colour: 'list.warningForeground' };
  return { name: 'cloud' };
}

function datasetTooltip(
  name: string,
  info: DatasetInfo | undefined,
  work: BusyDataset | undefined,
  l10n: Localize,
): TooltipPart[] {
  const parts = [title(name)];
  if (work !== undefined && work.message !== '') parts.push(line(work.message));
  if (info === undefined) return parts;
  const { queries, licence, sources, note } = info;
  parts.push(line(`${shapeText(info)}, ${l10n.t('{0} queries', formatCount(queries))}`));
  if (note !== undefined) parts.push(line(note));
  parts.push(line(l10n.t('Licence: {0}', licence)));
  if (sources.length > 0) parts.push(line(l10n.t('From: {0}', sources.join(', '))));
  return parts;
}
