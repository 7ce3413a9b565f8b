import { describe, expect, it } from 'vitest';
import { modulesTree } from '../../../../src/host/views/model/modules.ts';
import {
  allRows,
  at,
  estimate,
  l10n,
  moduleOverview,
  outline,
  region,
  root,
  tooltipText,
  workspace,
} from './samples.ts';

const measured = {
  at,
  dataset: 'mnist-784-euclidean',
  recall: 0.95,
  qps: 12_345.4,
  points: [],
  stale: false,
};

describe('modules view', () => {
  it('shows speed, age and best candidate beside a module, and its regions below', () => {
    const overview = moduleOverview({
      measured: { ...measured, stale: true },
      best: { run: 'r1', candidate: 'g1c2', gain: estimate(0.207) },
      regions: [
        region('#includes', { kind: 'includes', startLine: 1, endLine: 6 }),
        region('SearchLayer::Run', { kind: 'member', startLine: 44 }),
      ],
    });
    const rows = modulesTree([workspace({ modules: [overview] })], l10n);
    expect(outline(rows)).toEqual([
      'Search | 12,345 QPS at recall 0.95 · stale · best +23.0 %',
      '  Includes | include/hnsw/search.h:1',
      '  SearchLayer::Run | include/hnsw/search.h:44',
    ]);
    expect(tooltipText(rows[0]!)).toBe(
      [
        'Search',
        'Regions: 2, files: 1.',
        'Measured on mnist-784-euclidean, 2026-01-31 09:30: 12,345 QPS at recall 0.95.',
        'Its code, or what it is built with, was changed since.',
        'Best candidate g1c2: +23.0 % (+21.8 .. +24.2), 95 % interval.',
      ].join('\n'),
    );
  });

  it('says where a module was not measured, or its recall was not reached', () => {
    const modules = [
      moduleOverview({ module: 'construction' }),
      moduleOverview({ measured: { ...measured, qps: null } }),
    ];
    expect(outline(modulesTree([workspace({ modules })], l10n))).toEqual([
      'Construction | not measured',
      '  SearchLayer | include/hnsw/search.h:12',
      'Search | recall 0.95 not reached',
      '  SearchLayer | include/hnsw/search.h:12',
    ]);
  });

  it('gives rows what commands need', () => {
    const [search] = modulesTree([workspace()], l10n);
    expect(search!.target).toEqual({ root, module: 'search' });
    expect(search!.children[0]).toMatchObject({
      target: { root, module: 'search', file: 'include/hnsw/search.h', line: 12 },
      kind: 'annsmith.region',
      goes: true,
    });
  });

  it('tells overloads of one symbol apart', () => {
    const modules = [moduleOverview({ regions: [region('Visit'), region('Visit', { startLine: 30 })] })];
    const ids = allRows(modulesTree([workspace({ modules })], l10n)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('puts a level of folders where several have a manifest, and leaves out those without rows', () => {
    const folders = [
      workspace(),
      workspace({ root: '/home/ada/notes', name: 'notes', state: 'other', modules: [] }),
    ];
    expect(outline(modulesTree(folders, l10n))[0]).toBe('Search | not measured');
    const several = [...folders, workspace({ root: '/home/ada/other/glass', name: 'glass' })];
    const broken = workspace({ root: '/home/ada/broken', name: 'broken', state: 'broken' });
    expect(outline(modulesTree([...several, broken], l10n))).toEqual([
      'hnsw',
      '  Search | not measured',
      '    SearchLayer | include/hnsw/search.h:12',
      'glass',
      '  Search | not measured',
      '    SearchLayer | include/hnsw/search.h:12',
    ]);
  });

  it('is empty for a broken manifest, so that the welcome shows', () => {
    expect(modulesTree([workspace({ state: 'broken' })], l10n)).toEqual([]);
  });
});
