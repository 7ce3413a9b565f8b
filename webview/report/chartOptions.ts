import type { ChartConfiguration, TooltipItem } from 'chart.js';
import type { Theme } from './theme.ts';

export interface ChartText {
  readonly y: string;
  readonly logarithmic: boolean;
  /** Of a tick of the y axis; null leaves it out. */
  readonly tick: (value: number) => string | null;
  readonly tooltip: (item: TooltipItem<'scatter'>) => string;
}

/** What both kinds of charts over recall have in common. */
export function chartOptions(
  { y, logarithmic, tick, tooltip }: ChartText,
  theme: () => Theme,
): NonNullable<ChartConfiguration<'scatter'>['options']> {
  return {
    responsive: true,
    parsing: false,
    scales: {
      x: { type: 'linear', title: { display: true, text: 'Recall' }, grace: '2%' },
      y: {
        type: logarithmic ? 'logarithmic' : 'linear',
        title: { display: true, text: y },
        ticks: { callback: (value) => tick(Number(value)) },
        grace: '5%',
      },
    },
    interaction: { mode: 'nearest', intersect: false, axis: 'xy' },
    plugins: {
      tooltip: {
        displayColors: false,
        backgroundColor: () => theme().text,
        bodyColor: () => theme().surface,
        callbacks: { label: tooltip },
      },
    },
  };
}
