import type { Chart } from 'chart.js';
import type { ReportSeries } from '../../src/protocol/report.ts';

/** A legend of buttons under the chart: each hides or shows its curve. */
export function addLegend(
  canvas: HTMLCanvasElement,
  chart: Chart<'scatter'>,
  series: readonly ReportSeries[],
): void {
  const list = document.createElement('div');
  list.className = 'legend';
  list.setAttribute('role', 'group');
  list.setAttribute('aria-label', 'Curves shown');
  for (const [index, { name, role, mode }] of series.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `${role} ${mode}`;
    const words = [
      name,
      ...(role === 'rejected' ? ['rejected'] : []),
      ...(mode === 'paired' ? ['paired'] : []),
    ];
    button.textContent = words.join(', ');
    button.setAttribute('aria-pressed', 'true');
    button.addEventListener('click', () => {
      const shown = !chart.isDatasetVisible(index);
      chart.setDatasetVisibility(index, shown);
      button.setAttribute('aria-pressed', String(shown));
      chart.update('none');
    });
    list.append(button);
  }
  canvas.parentElement?.after(list);
}
