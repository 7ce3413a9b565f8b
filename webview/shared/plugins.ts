import type { Plugin } from 'chart.js';
import type { RecallWindow } from '../../src/protocol/measurement.ts';
import type { ReportInterval } from '../../src/protocol/report.ts';
import type { ChartTheme } from './chartTheme.ts';

/** Half the width of the bars that end an interval, pixels. */
const capWidth = 4;

/** Shades the recall windows behind the curves. */
export function windowShade(
  windows: () => readonly RecallWindow[],
  theme: () => ChartTheme,
): Plugin<'scatter'> {
  return {
    id: 'windowShade',
    beforeDatasetsDraw: ({ ctx, chartArea, scales }) => {
      const { left, right, top, bottom } = chartArea;
      ctx.save();
      ctx.fillStyle = theme().window;
      for (const window of windows()) {
        const [low, high] = window.map((recall) => scales.x!.getPixelForValue(recall)) as [number, number];
        const from = Math.max(left, low);
        const to = Math.min(right, high);
        if (to > from) ctx.fillRect(from, top, to - from, bottom - top);
      }
      ctx.restore();
    },
  };
}

/** Draws 95 % intervals as bars; `of` gives those of a chart's series that is not hidden. */
export function intervalBars(
  of: (series: number) => readonly ReportInterval[],
  colour: (series: number) => string,
): Plugin<'scatter'> {
  return {
    id: 'intervalBars',
    afterDatasetsDraw: (chart) => {
      const { ctx, scales, data } = chart;
      ctx.save();
      ctx.lineWidth = 1.5;
      for (const index of data.datasets.keys()) {
        if (!chart.isDatasetVisible(index)) continue;
        ctx.strokeStyle = colour(index);
        for (const { recall, low, high } of of(index)) {
          if (low <= 0) continue;
          const x = scales.x!.getPixelForValue(recall);
          const [bottom, top] = [scales.y!.getPixelForValue(low), scales.y!.getPixelForValue(high)];
          ctx.beginPath();
          ctx.moveTo(x, bottom);
          ctx.lineTo(x, top);
          for (const y of [bottom, top]) {
            ctx.moveTo(x - capWidth, y);
            ctx.lineTo(x + capWidth, y);
          }
          ctx.stroke();
        }
      }
      ctx.restore();
    },
  };
}
