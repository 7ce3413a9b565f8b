import type { Plugin } from 'chart.js';
import type { RecallWindow } from '../../src/protocol/measurement.ts';
import type { ReportInterval } from '../../src/protocol/report.ts';
import type { Theme } from './theme.ts';

/** Half the width of the bars that end an interval, pixels. */
const capWidth = 4;

/** Shades the recall window behind the curves. */
export function windowShade(window: RecallWindow, theme: () => Theme): Plugin<'scatter'> {
  return {
    id: 'windowShade',
    beforeDatasetsDraw: ({ ctx, chartArea, scales }) => {
      const { left, right, top, bottom } = chartArea;
      const [low, high] = window.map((recall) => scales.x!.getPixelForValue(recall)) as [number, number];
      ctx.save();
      ctx.fillStyle = theme().window;
      const from = Math.max(left, low);
      ctx.fillRect(from, top, Math.min(right, high) - from, bottom - top);
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
