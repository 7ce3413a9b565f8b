import { describe, expect, it } from 'vitest';
import type { ActiveRun } from '../../../../src/host/feature.ts';
import { innermost, pathInside } from '../../../../src/host/pathInside.ts';
import { modulesAtLines, modulesInFile } from '../../../../src/host/regionAtLine.ts';
import {
  budgetItems,
  datasetItems,
  type RunChoice,
  startingChoice,
  typedBudget,
  typedDataset,
} from '../../../../src/host/runChoice.ts';
import { clockText, gainText, howFar, modulesTitle, remainingText } from '../../../../src/host/runText.ts';
import { statusText } from '../../../../src/host/status/statusText.ts';
import type { DatasetInfo } from '../../../../src/protocol/dataset.ts';
import type { Region } from '../../../../src/protocol/module.ts';
import { plain } from './plain.ts';

describe('times and titles', () => {
  it('reads like a clock', () => {
    expect([0, 65, 3723].map(clockText)).toEqual(['0:00', '1:05', '1:02:03']);
  });

  it('rounds what is left up', () => {
    expect([0.2, 59, 61, 3600, 5400].map((seconds) => remainingText(seconds, plain))).toEqual([
      '1 s left',
      '59 s left',
      '2 min left',
      '1 h 0 min left',
      '1 h 30 min left',
    ]);
  });

  it('names modules', () => {
    expect(modulesTitle(['search'], plain)).toBe('search');
    expect(modulesTitle(['construction', 'search', 'refinement'], plain)).toBe('all modules');
  });

  it('leaves out what is not known', () => {
    expect(howFar({}, plain)).toBe('');
    expect(howFar({ fraction: 0.999 }, plain)).toBe('99 %');
  });
});

describe('outcomes', () => {
  const ratio = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });
  const at = (recall: number, value: number) => ({
    recall,
    ratio: ratio(value),
    referenceQps: 1,
    candidateQps: value,
  });
  const gain = { value: Math.log(2), low: Math.log(1.9), high: Math.log(2.1) };

  it('are told at the recall next to 0.95', () => {
    const speedup = [at(0.99, 1.2), at(0.94, 1.84), at(0.9, 2)];
    expect(gainText(['search'], gain, speedup, plain)).toBe('search: 1.84x (1.79–1.89) at recall 0.94');
  });

  it('are told over the window where no recall was estimated', () => {
    expect(gainText(['search'], gain, [], plain)).toBe('search: 2.00x (1.90–2.10) over the recall window');
  });
});

describe('the status bar', () => {
  const run: ActiveRun = {
    kind: 'optimize',
    job: 'j',
    root: '/w',
    modules: ['search'],
    run: undefined,
    stage: 'build',
    message: 'm',
    fraction: undefined,
    remainingSeconds: undefined,
  };

  it('says how far a run is', () => {
    expect(statusText({ kind: 'run', run }, plain)).toBe('$(sync~spin) search build');
    const later = { ...run, fraction: 0.42, remainingSeconds: 170 };
    expect(statusText({ kind: 'run', run: later }, plain)).toBe('$(sync~spin) search 42 % · 3 min left');
    expect(statusText({ kind: 'idle', isStarting: false }, plain)).toBe('$(zap) Annsmith');
    expect(statusText({ kind: 'benchmark', far: '10 %' }, plain)).toBe('$(sync~spin) measuring 10 %');
  });
});

describe('what a run is asked for', () => {
  const settings: RunChoice = { dataset: '', policy: 'playbook', budgetMinutes: 15 };
  const info = (name: string, state: DatasetInfo['state']): DatasetInfo => ({
    name,
    state,
    metric: 'euclidean',
    n: 60_000,
    dim: 784,
    queries: 10_000,
    licence: '',
    sources: [],
    bytesOnDisk: 0,
  });

  it('begins with the settings, and the first dataset of the manifest', () => {
    expect(startingChoice(settings, undefined, ['a', 'b'])).toEqual({ ...settings, dataset: 'a' });
  });

  it('begins with the last choice until the setting is changed', () => {
    const remembered = { choice: { ...settings, dataset: 'b', budgetMinutes: null }, settings };
    expect(startingChoice(settings, remembered, ['a', 'b'])).toMatchObject({
      dataset: 'b',
      budgetMinutes: null,
    });
    const changed = { ...settings, budgetMinutes: 5 };
    expect(startingChoice(changed, remembered, ['a', 'b'])).toMatchObject({ dataset: 'b', budgetMinutes: 5 });
  });

  it('offers the datasets of the manifest first, then those that are ready', () => {
    const known = [info('x', 'absent'), info('y', 'ready'), info('b', 'absent')];
    const items = datasetItems('synthetic-uniform:n=1000,d=4', ['a', 'b'], known, plain);
    expect(items.map(({ label, description }) => [label, description])).toEqual([
      ['a', 'not known on this machine'],
      ['b', '60,000 x 784, euclidean · fetched first'],
      ['synthetic-uniform:n=1000,d=4', 'made on demand'],
      ['y', '60,000 x 784, euclidean · ready'],
      ['x', '60,000 x 784, euclidean · fetched first'],
    ]);
  });

  it('offers the chosen budget among the customary ones', () => {
    const values = budgetItems(7, plain).map(({ value }) => value);
    expect(values).toEqual([2, 5, 7, 15, 30, 60, 240, null]);
    expect(new Set(budgetItems(15, plain).map(({ label }) => label)).size).toBe(7);
  });

  it('takes what is typed', () => {
    expect(['3', '2.5 min', '90m', 'x', '0'].map((text) => typedBudget(text, plain)?.value)).toEqual([
      3,
      2.5,
      90,
      undefined,
      undefined,
    ]);
    expect(typedDataset('synthetic-uniform:n=1000,d=4', plain)?.value).toBe('synthetic-uniform:n=1000,d=4');
    expect(typedDataset('syn', plain)).toBeUndefined();
  });
});

describe('places', () => {
  const region = (file: string, startLine: number, endLine: number): Region => ({
    file,
    symbol: 's',
    kind: 'function',
    start: 0,
    end: 0,
    startLine,
    endLine,
    hash: '',
  });
  const of = (module: 'construction' | 'search' | 'refinement', ...regions: Region[]) => ({
    module,
    regions,
    measured: null,
    best: null,
  });
  const workspace = {
    modules: [
      of('construction', region('b.h', 1, 9)),
      of('search', region('a.h', 1, 10), region('a.h', 20, 30)),
      of('refinement', region('a.h', 22, 24), region('a.h', 40, 50)),
    ],
  };

  it('know their modules', () => {
    expect(modulesInFile(workspace, 'a.h')).toEqual(['search', 'refinement']);
    expect(modulesInFile(workspace, 'c.h')).toEqual([]);
    expect(modulesAtLines(workspace, 'a.h', 10, 10)).toEqual(['search']);
    expect(modulesAtLines(workspace, 'a.h', 15, 15)).toEqual([]);
  });

  it('take the innermost region at a cursor, all of them in a selection', () => {
    expect(modulesAtLines(workspace, 'a.h', 23, 23)).toEqual(['refinement']);
    expect(modulesAtLines(workspace, 'a.h', 5, 23)).toEqual(['search', 'refinement']);
  });

  it('know the folder that holds them', () => {
    expect(pathInside('/w', '/w/a/b.h')).toBe('a/b.h');
    expect(pathInside('/w', '/wide/b.h')).toBeUndefined();
    expect(pathInside('/w', '/w')).toBeUndefined();
    expect(innermost([{ root: '/w' }, { root: '/w/a' }, { root: '/x' }], '/w/a/b.h')?.root).toBe('/w/a');
  });
});
