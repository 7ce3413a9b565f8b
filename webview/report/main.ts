/** The script of a report: draws its charts. Everything that they show stands in the page's tables too. */
import type { Chart } from 'chart.js';
import type { ReportChart, ReportData } from '../../src/protocol/report.ts';
import { paintTitles } from '../shared/chartOptions.ts';
import { setUpCharts } from '../shared/chartSetup.ts';
import { drawCurves } from './curvesChart.ts';
import { drawSpeedup } from './speedupChart.ts';
import { onThemeChange, readTheme, type Theme } from './theme.ts';

setUpCharts();

let theme = readTheme();

function draw(data: ReportChart): Chart<'scatter'>[] {
  const canvas = document.getElementById(data.id);
  if (!(canvas instanceof HTMLCanvasElement)) return [];
  const current = (): Theme => theme;
  return [data.kind === 'curves' ? drawCurves(canvas, data, current) : drawSpeedup(canvas, data, current)];
}

const data = document.getElementById('data')?.textContent ?? '{"charts":[]}';
// Written by the program that wrote this page, into the same file.
const charts = (JSON.parse(data) as ReportData).charts.flatMap(draw);

onThemeChange(() => {
  theme = readTheme();
  for (const chart of charts) {
    paintTitles(chart, theme);
    chart.update('none');
  }
});

// What is folded away is printed too, but for the losing candidates' diffs.
let opened: HTMLDetailsElement[] = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open], .more *)')];
  for (const details of opened) details.open = true;
  for (const chart of charts) chart.resize();
});
addEventListener('afterprint', () => {
  for (const details of opened) details.open = false;
});
