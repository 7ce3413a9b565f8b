import type { Chart, ChartConfiguration, TooltipItem } from 'chart.js';
import type { ChartTheme } from './chartTheme.ts';

export interface ChartText {
  readonly x?: string;
  readonly y: string;
  readonly logarithmic: boolean;
  /** Of a tick of the y axis; null leaves it out. */
  readonly tick: (value: number) => string | null;
  readonly tooltip: (item: TooltipItem<'scatter'>) => string | string[];
}

/** What both kinds of charts over recall have in common. */
export function chartOptions(
  { x = 'Recall', y, logarithmic, tick, tooltip }: ChartText,
  theme: () => ChartTheme,
): NonNullable<ChartConfiguration<'scatter'>['options']> {
  const axis = {
    grid: { color: () => theme().line },
    border: { display: false },
    grace: '2%',
  };
  const title = (text: string) => ({ display: true, text, color: theme().muted });
  const colour = (): string => theme().muted;
  return {
    responsive: true,
    parsing: false,
    scales: {
      x: { ...axis, type: 'linear', title: title(x), ticks: { color: colour } },
      y: {
        ...axis,
        type: logarithmic ? 'logarithmic' : 'linear',
        title: title(y),
        ticks: { color: colour, callback: (value) => tick(Number(value)) },
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

/** Titles of axes are the one thing that takes no function for its colour. */
export function paintTitles(chart: Chart<'scatter'>, theme: ChartTheme): void {
  for (const scale of Object.values(chart.options.scales ?? {})) {
    if (scale?.title) scale.title.color = theme.muted;
  }
}
