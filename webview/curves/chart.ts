import { Chart, type ChartDataset, type Plugin } from 'chart.js';
import type { CurvePoint } from '../../src/protocol/measurement.ts';
import { chartOptions, paintTitles } from '../shared/chartOptions.ts';
import { fade, type Theme } from '../shared/editorTheme.ts';
import { isNamedTick } from '../shared/logTicks.ts';
import { intervalBars, windowShade } from '../shared/plugins.ts';
import { pointStyles, roleOrder } from './look.ts';
import type { Curve, Plot } from './plot.ts';
import type { Axis } from './svg.ts';
import { colourOf } from './theme.ts';
import type { Words } from './words.ts';

export interface ChartEvents {
  /** The curve nearest to the pointer; null once it has left. */
  readonly hovered: (id: string | null) => void;
  readonly chosen: (id: string, point: number) => void;
  readonly tooltip: (curve: Curve, point: CurvePoint) => readonly string[];
}

/** Opacity of the curves beside the highlighted one. */
const faded = 0.35;
const emphasis = 1.5;
/** Characters of a line of a tooltip. */
const tooltipWidth = 44;

/** The chart: measured points, the frontier through them, intervals, recall windows. */
export class CurvesChart {
  readonly #chart: Chart<'scatter'>;
  readonly #words: Words;
  readonly #theme: () => Theme;
  #plot: Plot = { curves: [], windows: [] };
  #highlighted: string | null = null;
  #decades = 1;

  constructor(canvas: HTMLCanvasElement, words: Words, theme: () => Theme, events: ChartEvents) {
    this.#words = words;
    this.#theme = theme;
    const idAt = (index: number | undefined): string | null =>
      index === undefined ? null : (this.#plot.curves[index]?.series.id ?? null);
    const options = chartOptions(
      {
        x: words.text('recall'),
        y: words.text('qpsAxis'),
        logarithmic: true,
        tick: (value) => (isNamedTick(value, this.#decades) ? words.qps(value) : null),
        tooltip: ({ datasetIndex, dataIndex }) => {
          const curve = this.#plot.curves[datasetIndex];
          const point = curve?.points[dataIndex];
          if (curve === undefined || point === undefined) return '';
          return events.tooltip(curve, point).flatMap((line) => wrap(line, tooltipWidth));
        },
      },
      theme,
    );
    options.onHover = (_event, [nearest]) => events.hovered(idAt(nearest?.datasetIndex));
    options.onClick = (_event, [nearest]) => {
      const id = idAt(nearest?.datasetIndex);
      if (id !== null && nearest !== undefined) events.chosen(id, nearest.index);
    };
    canvas.addEventListener('pointerleave', () => events.hovered(null));
    this.#chart = new Chart(canvas, {
      type: 'scatter',
      data: { datasets: [] },
      options,
      plugins: [
        windowShade(() => this.#plot.windows, theme),
        this.#frontiers(),
        intervalBars(
          (index) => this.#plot.curves[index]?.series.intervals ?? [],
          (index) => this.#colour(this.#plot.curves[index]),
        ),
      ],
    });
  }

  draw(plot: Plot): void {
    this.#plot = plot;
    const qps = plot.curves.flatMap(({ points, series }) => [
      ...points.map((point) => point.qps),
      ...series.intervals.flatMap(({ low, high }) => (low > 0 ? [low, high] : [])),
    ]);
    const [least, most] = [Math.min(...qps), Math.max(...qps)];
    this.#decades = qps.length === 0 ? 1 : Math.log10(most / least);
    const y = this.#chart.options.scales!.y!;
    if (qps.length > 0) Object.assign(y, { suggestedMin: least, suggestedMax: most });
    // Made while out of sight, the chart has no size yet; its observer would give it one a frame too late.
    this.#chart.resize();
    this.#chart.data.datasets = plot.curves.map((curve) => this.#dataset(curve));
    this.#update();
  }

  /** Brings one curve out; null: all alike. */
  highlight(id: string | null): void {
    if (this.#highlighted === id) return;
    this.#highlighted = id;
    this.#update();
  }

  /** Shows the tooltip of a point as if the pointer were there; undefined takes it away. */
  pointAt(id: string, point: number | undefined): void {
    const datasetIndex = this.#plot.curves.findIndex(({ series }) => series.id === id);
    const active = datasetIndex < 0 || point === undefined ? [] : [{ datasetIndex, index: point }];
    this.#chart.setActiveElements(active);
    this.#chart.tooltip?.setActiveElements(active, { x: 0, y: 0 });
    // An update would go back to where the pointer rests.
    this.#chart.render();
  }

  /** Takes on the theme's colours. */
  repaint(): void {
    paintTitles(this.#chart, this.#theme());
    this.#update();
  }

  axes(): { readonly x: Axis; readonly y: Axis } {
    const axis = (id: 'x' | 'y', title: string): Axis => {
      const { min, max, ticks } = this.#chart.scales[id]!;
      const named = ticks.flatMap(({ value, label }) =>
        typeof label === 'string' && label !== '' ? [{ value, label }] : [],
      );
      return { min, max, title, ticks: named };
    };
    return { x: axis('x', this.#words.text('recall')), y: axis('y', this.#words.text('qpsAxis')) };
  }

  #update(): void {
    this.#chart.update('none');
  }

  #colour(curve: Curve | undefined): string {
    const theme = this.#theme();
    if (curve === undefined) return theme.text;
    const colour = colourOf(curve.series.role, curve.slot, theme);
    const beside = this.#highlighted !== null && this.#highlighted !== curve.series.id;
    return beside && !theme.highContrast ? fade(colour, faded) : colour;
  }

  #extra({ series }: Curve): number {
    return this.#highlighted === series.id ? emphasis : 0;
  }

  #dataset(curve: Curve): ChartDataset<'scatter'> {
    const colour = (): string => this.#colour(curve);
    const fill = (): string => (curve.look.filled ? colour() : this.#theme().surface);
    const radius = ({ dataIndex }: { dataIndex: number }): number => {
      const point = curve.points[dataIndex];
      const onFrontier = point !== undefined && curve.corners.has(point);
      return (onFrontier ? curve.look.radius : curve.look.radius * 0.65) + this.#extra(curve);
    };
    return {
      label: curve.series.name,
      data: curve.points.map(({ recall, qps }) => ({ x: recall, y: qps })),
      showLine: false,
      pointStyle: pointStyles[curve.look.marker],
      pointBorderColor: colour,
      pointBackgroundColor: fill,
      pointHoverBorderColor: () => this.#theme().focus,
      pointHoverBackgroundColor: fill,
      pointRadius: radius,
      pointHoverRadius: (context) => radius(context) + 2,
      pointBorderWidth: 1.5,
      pointHoverBorderWidth: 2.5,
      order: roleOrder.indexOf(curve.series.role),
    };
  }

  /** The lines of the frontiers, below the points. */
  #frontiers(): Plugin<'scatter'> {
    return {
      id: 'frontiers',
      beforeDatasetsDraw: ({ ctx, scales, chartArea }) => {
        const { left, right, top, bottom } = chartArea;
        ctx.save();
        ctx.beginPath();
        ctx.rect(left - 4, top - 4, right - left + 8, bottom - top + 8);
        ctx.clip();
        ctx.lineJoin = 'round';
        // The least is drawn last, over the others; what stands out over all of them.
        const rank = ({ series }: Curve): number =>
          series.id === this.#highlighted ? -1 : roleOrder.indexOf(series.role);
        for (const curve of [...this.#plot.curves].sort((a, b) => rank(b) - rank(a))) {
          ctx.strokeStyle = this.#colour(curve);
          ctx.lineWidth = curve.look.width + this.#extra(curve);
          ctx.setLineDash([...curve.look.dash]);
          ctx.beginPath();
          for (const { recall, qps } of curve.line) {
            ctx.lineTo(scales.x!.getPixelForValue(recall), scales.y!.getPixelForValue(qps));
          }
          ctx.stroke();
        }
        ctx.restore();
      },
    };
  }
}

/** Lines of at most so many characters, broken at spaces where there are any. */
export function wrap(text: string, length: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    for (const piece of word.match(new RegExp(`.{1,${length}}`, 'gu')) ?? []) {
      if (line !== '' && line.length + 1 + piece.length > length) {
        lines.push(line);
        line = piece;
      } else line = line === '' ? piece : `${line} ${piece}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
