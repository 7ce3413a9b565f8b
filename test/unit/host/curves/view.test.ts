/** What the benchmark view shows of its data in a state. */
import { describe, expect, it } from 'vitest';
import { firstState, stateFor, stateForAll, viewOf } from '../../../../webview/curves/view.ts';
import { sampleCurves, sampleSeries } from './sampleCurves.ts';

const data = sampleCurves();
const first = firstState('/w');
const ids = (series: readonly { readonly id: string }[]): string[] => series.map(({ id }) => id);

describe('the view', () => {
  it('begins with the newest run on the first dataset, without rejected candidates', () => {
    const view = viewOf(data, first);
    expect(view.dataset).toBe('mnist');
    expect(view.datasets).toEqual(['mnist', 'fashion']);
    expect(ids(view.shown)).toEqual(['r2/reference', 'r2/g1c1']);
    expect(view.runs.map(({ id, shown }) => [id, shown])).toEqual([
      ['r2', true],
      ['r1', false],
    ]);
    expect(view.roles).toEqual([{ role: 'rejected', count: 1, shown: false }]);
    expect(view.windows).toEqual([[0.95, 0.98]]);
  });

  it('does not begin with a benchmark where there is a run to compare', () => {
    const bench = sampleSeries({ id: 'b1/measured', run: 'b1', role: 'measured' });
    const runs = [{ ...data.runs[0]!, id: 'b1' }, ...data.runs];
    expect(ids(viewOf({ runs, series: [bench, ...data.series] }, first).shown)[0]).toBe('r2/reference');
    expect(ids(viewOf({ runs, series: [bench] }, first).shown)).toEqual(['b1/measured']);
  });

  it('overlays any runs, newest first, references first, then by role and gain', () => {
    const view = viewOf(data, stateForAll(data, first));
    expect(ids(view.shown)).toEqual(['r2/reference', 'r2/g1c1', 'r2/g1c2', 'r1/reference', 'r1/g1c1']);
    expect(view.windows).toHaveLength(1);
  });

  it('filters by module and hides curve by curve, references aside', () => {
    const all = stateForAll(data, first);
    expect(ids(viewOf(data, { ...all, module: 'construction', runs: ['r2'] }).shown)).toEqual([
      'r2/reference',
      'r2/g1c2',
    ]);
    const hidden = viewOf(data, { ...first, hidden: ['r2/g1c1'] });
    expect(ids(hidden.listed)).toEqual(['r2/reference', 'r2/g1c1']);
    expect(ids(hidden.shown)).toEqual(['r2/reference']);
  });

  it('falls back where what was kept is gone', () => {
    const view = viewOf(data, { ...first, dataset: 'gone', selected: 'gone', runs: ['gone', 'r1'] });
    expect(view.dataset).toBe('mnist');
    expect(view.selected).toBeUndefined();
    expect(ids(view.shown)).toEqual(['r1/reference', 'r1/g1c1']);
  });

  it('shows a series whose run is not described', () => {
    const view = viewOf({ runs: [], series: [sampleSeries({ id: 'x', run: 'lost' })] }, first);
    expect(ids(view.shown)).toEqual(['x']);
    expect(view.runs[0]).toMatchObject({ id: 'lost', title: 'lost' });
  });

  it('is empty without series', () => {
    expect(viewOf({ runs: data.runs, series: [] }, first)).toMatchObject({ dataset: null, shown: [] });
  });
});

describe('a command’s target', () => {
  it('brings its run, and its candidate even when it was rejected or hidden', () => {
    const before = { ...first, hidden: ['r2/g1c2'], module: 'search' as const };
    const state = stateFor(data, before, { run: 'r2', candidate: 'g1c2' });
    const view = viewOf(data, state);
    expect(view.selected?.id).toBe('r2/g1c2');
    expect(ids(view.shown)).toContain('r2/g1c2');
  });

  it('keeps the dataset where the target is on it, else takes the target’s', () => {
    const state = stateFor(data, { ...first, dataset: 'fashion' }, { run: 'r1' });
    expect(viewOf(data, state)).toMatchObject({ dataset: 'mnist' });
    expect(stateFor(data, { ...first, dataset: 'fashion' }, { run: 'r2' }).dataset).toBe('fashion');
    expect(stateFor(data, first, { dataset: 'fashion' }).dataset).toBe('fashion');
  });

  it('changes nothing where there is no curve of it', () => {
    expect(stateFor(data, first, { run: 'gone' })).toBe(first);
  });
});
