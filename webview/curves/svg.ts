import type { Place } from './frontier.ts';
import { markerPath, roleOrder } from './look.ts';
import type { Curve, Plot } from './plot.ts';

/** An axis as it is on the screen. */
export interface Axis {
  readonly min: number;
  readonly max: number;
  readonly title: string;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

export interface Drawing {
  readonly plot: Plot;
  readonly title: string;
  readonly caption: string;
  readonly x: Axis;
  /** Logarithmic. */
  readonly y: Axis;
  readonly colours: {
    readonly text: string;
    readonly muted: string;
    readonly line: string;
    readonly surface: string;
    readonly window: string;
  };
  readonly colourOf: (curve: Curve) => string;
  /** What the legend says of a curve. */
  readonly nameOf: (curve: Curve) => string;
}

export interface SvgFile {
  readonly text: string;
  readonly width: number;
  readonly height: number;
}

const width = 960;
const plotHeight = 480;
const margin = { left: 84, right: 24, top: 64, bottom: 56 } as const;
const legendLine = 22;
/** Width of a character of the legend's font over its size, on the safe side. */
const characterWidth = 0.62;
const fontSize = 13;
const longestName = 90;

/** The chart as an SVG file: axes, windows, frontiers, points, intervals and a legend. Loads nothing, runs nothing. */
export function svgOf(drawing: Drawing): SvgFile {
  const { plot, title, caption, x, y, colours } = drawing;
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, margin.top + plotHeight];
  const toX = (recall: number): number => left + ((recall - x.min) / (x.max - x.min || 1)) * (right - left);
  const [low, high] = [Math.log(y.min), Math.log(y.max)];
  const toY = (qps: number): number => bottom - ((Math.log(qps) - low) / (high - low || 1)) * plotHeight;
  const place = ({ recall, qps }: Place): string => `${round(toX(recall))} ${round(toY(qps))}`;
  const legend = legendOf(drawing, bottom + margin.bottom + 12);
  const height = legend.bottom + 16;
  const parts = [
    `<rect width="${width}" height="${height}" fill="${escaped(colours.surface)}"/>`,
    text(left, 28, title, colours.text, 'font-size="17" font-weight="600"'),
    text(left, 48, caption, colours.muted),
    ...plot.windows.map(([from, to]) => {
      const [a, b] = [Math.max(left, toX(from)), Math.min(right, toX(to))];
      return b <= a
        ? ''
        : `<rect x="${round(a)}" y="${top}" width="${round(b - a)}" height="${plotHeight}" fill="${escaped(colours.window)}"/>`;
    }),
    ...x.ticks.map(
      ({ value, label }) =>
        line(toX(value), top, toX(value), bottom, colours.line) +
        text(toX(value), bottom + 20, label, colours.muted, 'text-anchor="middle"'),
    ),
    ...y.ticks.map(
      ({ value, label }) =>
        line(left, toY(value), right, toY(value), colours.line) +
        text(left - 10, toY(value) + 4, label, colours.muted, 'text-anchor="end"'),
    ),
    text((left + right) / 2, bottom + 44, x.title, colours.muted, 'text-anchor="middle"'),
    text(
      0,
      0,
      y.title,
      colours.muted,
      `text-anchor="middle" transform="translate(22 ${(top + bottom) / 2}) rotate(-90)"`,
    ),
    `<clipPath id="area"><rect x="${left - 8}" y="${top - 8}" width="${right - left + 16}" height="${plotHeight + 16}"/></clipPath>`,
    `<g clip-path="url(#area)">`,
    ...fromBelow(plot.curves).map((curve) => {
      const colour = escaped(drawing.colourOf(curve));
      const { look, points, corners, series } = curve;
      const path =
        curve.line.length === 0
          ? ''
          : `<path d="M${curve.line.map(place).join('L')}" ${strokeOf(curve, colour)}/>`;
      const bars = series.intervals
        .filter((interval) => interval.low > 0)
        .map(({ recall, low, high }) => {
          const [at, from, to] = [round(toX(recall)), round(toY(low)), round(toY(high))];
          return `M${at} ${from}V${to}M${at - 4} ${from}h8M${at - 4} ${to}h8`;
        });
      const markers = points.map((point) => {
        const radius = corners.has(point) ? look.radius : look.radius * 0.65;
        return `<path d="${markerPath(look.marker, toX(point.recall), toY(point.qps), radius)}" fill="${look.filled ? colour : escaped(colours.surface)}" stroke="${colour}" stroke-width="1.5"/>`;
      });
      const intervals =
        bars.length === 0
          ? ''
          : `<path d="${bars.join('')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
      return `<g><title>${escaped(drawing.nameOf(curve))}</title>${path}${intervals}${markers.join('')}</g>`;
    }),
    '</g>',
    legend.text,
  ];
  return {
    text: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="${fontSize}" role="img"><title>${escaped(title)}</title>\n${parts.filter((part) => part !== '').join('\n')}\n</svg>\n`,
    width,
    height,
  };
}

/** What is drawn over the others comes last. */
function fromBelow(curves: readonly Curve[]): Curve[] {
  const rank = ({ series }: Curve): number => roleOrder.indexOf(series.role);
  return [...curves].sort((a, b) => rank(b) - rank(a));
}

/** Swatches and names in rows below the plot. */
function legendOf(drawing: Drawing, top: number): { readonly text: string; readonly bottom: number } {
  const { curves } = drawing.plot;
  let x = margin.left;
  let y = top;
  const items = curves.map((curve) => {
    const name = shorten(drawing.nameOf(curve));
    const item = 44 + name.length * fontSize * characterWidth;
    if (x > margin.left && x + item > width - margin.right) {
      x = margin.left;
      y += legendLine;
    }
    const colour = escaped(drawing.colourOf(curve));
    const { look } = curve;
    const swatch =
      `<path d="M${x} ${y - 4}h28" ${strokeOf(curve, colour)}/>` +
      `<path d="${markerPath(look.marker, x + 14, y - 4, look.radius)}" fill="${look.filled ? colour : escaped(drawing.colours.surface)}" stroke="${colour}" stroke-width="1.5"/>`;
    const label = text(x + 36, y, name, drawing.colours.text);
    x += item;
    return swatch + label;
  });
  return { text: items.join('\n'), bottom: y };
}

function strokeOf({ look }: Curve, colour: string): string {
  const dash = look.dash.length === 0 ? '' : ` stroke-dasharray="${look.dash.join(' ')}"`;
  return `fill="none" stroke="${colour}" stroke-width="${look.width}"${dash} stroke-linejoin="round"`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${escaped(colour)}"/>`;
}

function text(x: number, y: number, content: string, colour: string, rest = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="${escaped(colour)}"${rest === '' ? '' : ` ${rest}`}>${escaped(content)}</text>`;
}

function shorten(name: string): string {
  const characters = [...name];
  return characters.length <= longestName ? name : `${characters.slice(0, longestName - 1).join('')}\u2026`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for XML: marked up where it has to be, without the characters that XML has no way to write. */
function escaped(value: string): string {
  return value
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character]!);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
