import { Chart } from 'chart.js';
import type { ReportSpeedup } from '../../src/protocol/report.ts';
import { chartOptions } from '../shared/chartOptions.ts';
import { intervalBars, windowShade } from '../shared/plugins.ts';
import type { Theme } from './theme.ts';

const times = (ratio: number, digits: number): string => `${ratio.toFixed(digits)}\u00d7`;

/** The ratio of QPS over recall, with its intervals. */
export function drawSpeedup(
  canvas: HTMLCanvasElement,
  { window, ratios }: ReportSpeedup,
  theme: () => Theme,
): Chart<'scatter'> {
  const colour = (): string => theme().series.winner;
  const options = chartOptions(
    {
      y: 'Times as many QPS',
      logarithmic: false,
      tick: (value) => times(value, 1),
      tooltip: ({ dataIndex }) => {
        const { recall, value, low, high } = ratios[dataIndex]!;
        return `recall ${recall}: ${times(value, 2)} (${times(low, 2)} to ${times(high, 2)})`;
      },
    },
    theme,
  );
  // No change is always in sight, and so is every interval.
  const y = options.scales!.y!;
  y.suggestedMin = Math.min(1, ...ratios.map(({ low }) => low));
  y.suggestedMax = Math.max(1, ...ratios.map(({ high }) => high));
  return new Chart(canvas, {
    type: 'scatter',
    data: {
      datasets: [
        {
          label: 'speed-up',
          data: ratios.map(({ recall, value }) => ({ x: recall, y: value })),
          showLine: true,
          borderColor: colour,
          pointBorderColor: colour,
          pointBackgroundColor: colour,
          borderWidth: 2,
          pointRadius: 4,
          pointHoverRadius: 6,
        },
      ],
    },
    options,
    plugins: [windowShade(() => [window], theme), intervalBars(() => ratios, colour)],
  });
}
