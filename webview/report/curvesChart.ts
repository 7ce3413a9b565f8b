import { Chart, type ChartDataset } from 'chart.js';
import type { ReportCurvePoint, ReportCurves, ReportSeries } from '../../src/protocol/report.ts';
import { chartOptions } from '../shared/chartOptions.ts';
import { isNamedTick } from '../shared/logTicks.ts';
import { intervalBars, windowShade } from '../shared/plugins.ts';
import { addLegend } from './legend.ts';
import type { Theme } from './theme.ts';

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** QPS over recall of several curves, logarithmic in QPS. */
export function drawCurves(
  canvas: HTMLCanvasElement,
  { window, series }: ReportCurves,
  theme: () => Theme,
): Chart<'scatter'> {
  // A curve that does not reach a recall has no QPS there, and a logarithmic axis has no zero.
  const pointsOf = series.map(({ points }) => points.filter(({ qps }) => qps > 0));
  const all = pointsOf.flat().map(({ qps }) => Math.log10(qps));
  const decades = Math.max(...all) - Math.min(...all);
  const options = chartOptions(
    {
      y: 'QPS',
      logarithmic: true,
      tick: (value) => (isNamedTick(value, decades) ? number.format(value) : null),
      tooltip: ({ datasetIndex, dataIndex }) =>
        pointText(series[datasetIndex]!, pointsOf[datasetIndex]![dataIndex]!),
    },
    theme,
  );
  const chart = new Chart(canvas, {
    type: 'scatter',
    data: { datasets: series.map((one, i) => curve(one, pointsOf[i]!, theme)) },
    options,
    plugins: [
      windowShade(() => [window], theme),
      intervalBars(
        (index) => series[index]!.intervals,
        (index) => theme().series[series[index]!.role],
      ),
    ],
  });
  addLegend(canvas, chart, series);
  return chart;
}

function pointText({ name }: ReportSeries, { ef, recall, qps }: ReportCurvePoint): string {
  return `${name}: ef ${ef}, recall ${recall.toFixed(4)}, ${number.format(qps)} QPS`;
}

/** Role and timing show in shape as well as in colour. */
function curve(
  { name, role, mode }: ReportSeries,
  points: readonly ReportCurvePoint[],
  theme: () => Theme,
): ChartDataset<'scatter'> {
  const strong = role === 'winner' || role === 'reference';
  const colour = (): string => theme().series[role];
  return {
    label: name,
    data: points.map(({ recall, qps }) => ({ x: recall, y: qps })),
    showLine: true,
    borderColor: colour,
    pointBorderColor: colour,
    pointBackgroundColor: () => (mode === 'resident' ? colour() : theme().surface),
    borderWidth: role === 'winner' ? 2.5 : strong ? 2 : 1.25,
    borderDash: mode === 'paired' ? [5, 4] : [],
    pointStyle: role === 'reference' ? 'rect' : role === 'rejected' ? 'triangle' : 'circle',
    pointRadius: strong ? 4 : 2.5,
    pointHoverRadius: 6,
    pointBorderWidth: 1.5,
    // The least is drawn last, over the others.
    order: role === 'winner' ? 0 : role === 'reference' ? 1 : 2,
  };
}
