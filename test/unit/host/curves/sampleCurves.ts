import type { CurveSeries, CurvesData } from '../../../../src/protocol/engine.ts';
import type { CurvePoint } from '../../../../src/protocol/measurement.ts';

export function samplePoints(factor = 1): CurvePoint[] {
  return (
    [
      [10, 0.9312, 6210],
      [16, 0.9588, 4870],
      [24, 0.9741, 3920],
      [40, 0.9874, 2890],
    ] as const
  ).map(([ef, recall, qps]) => ({ ef, recall, qps: qps * factor, secondsPerQuery: 1 / (qps * factor) }));
}

export function sampleSeries(changes: Partial<CurveSeries> & Pick<CurveSeries, 'id'>): CurveSeries {
  return {
    run: 'r1',
    candidate: null,
    module: null,
    name: changes.id,
    dataset: 'mnist',
    role: 'reference',
    mode: 'resident',
    points: samplePoints(),
    intervals: [],
    gain: null,
    costs: null,
    change: null,
    ...changes,
  };
}

/** Two runs; the newer one with a winner and a rejected candidate, on two datasets. */
export function sampleCurves(): CurvesData {
  const run = (id: string, at: string): CurvesData['runs'][number] => ({
    id,
    at,
    title: `search, ${at.slice(0, 10)}`,
    status: 'done',
    machine: 'Xeon, 4 cores',
    compiler: 'g++ 12.2.0',
    windows: [{ dataset: 'mnist', window: [0.95, 0.98] }],
  });
  const gain = { value: 0.4, low: 0.38, high: 0.42 };
  const change = { added: 3, removed: 1, text: '@@ -1,1 +1,3 @@\n-a\n+b\n+c\n+d' };
  const candidate = { module: 'search', candidate: 'g1c1', points: samplePoints(1.5), gain, change } as const;
  return {
    runs: [run('r2', '2026-02-02T10:00:00.000Z'), run('r1', '2026-02-01T10:00:00.000Z')],
    series: [
      sampleSeries({ id: 'r2/reference', run: 'r2' }),
      sampleSeries({ id: 'r2/g1c1', run: 'r2', role: 'winner', ...candidate }),
      sampleSeries({
        id: 'r2/g1c2',
        run: 'r2',
        role: 'rejected',
        ...candidate,
        candidate: 'g1c2',
        module: 'construction',
        gain: { value: -0.1, low: -0.12, high: -0.08 },
        points: samplePoints(0.9),
      }),
      sampleSeries({ id: 'r2/reference/fashion', run: 'r2', dataset: 'fashion' }),
      sampleSeries({ id: 'r1/reference' }),
      sampleSeries({ id: 'r1/g1c1', role: 'candidate', ...candidate }),
    ],
  };
}
