import type { CurveSeries, SeriesRole } from '../../src/protocol/engine.ts';

export type Marker = 'square' | 'circle' | 'diamond' | 'triangle';

/** How a curve is drawn. Role and timing show in shape, so colour is never the only sign. */
export interface Look {
  readonly marker: Marker;
  /** Of the frontier's line, pixels. */
  readonly width: number;
  readonly dash: readonly number[];
  /** Hollow where the timing is the quick one. */
  readonly filled: boolean;
  /** Half the size of a point on the frontier, pixels. */
  readonly radius: number;
}

const roles: Readonly<Record<SeriesRole, Pick<Look, 'marker' | 'width' | 'radius'>>> = {
  reference: { marker: 'square', width: 2, radius: 4 },
  measured: { marker: 'square', width: 1.25, radius: 3 },
  winner: { marker: 'circle', width: 2.75, radius: 4.5 },
  accepted: { marker: 'circle', width: 1.75, radius: 3.5 },
  candidate: { marker: 'diamond', width: 1.5, radius: 3.5 },
  rejected: { marker: 'triangle', width: 1.25, radius: 3 },
};

/** The first is drawn over the others. */
export const roleOrder: readonly SeriesRole[] = [
  'winner',
  'accepted',
  'reference',
  'measured',
  'candidate',
  'rejected',
];

export function lookOf({ role, mode }: Pick<CurveSeries, 'role' | 'mode'>): Look {
  const dash = role === 'measured' ? [2, 3] : mode === 'paired' ? [6, 4] : [];
  return { ...roles[role], dash, filled: mode === 'resident' };
}

/** Chart.js's name of a marker. */
export const pointStyles: Readonly<Record<Marker, 'rect' | 'circle' | 'rectRot' | 'triangle'>> = {
  square: 'rect',
  circle: 'circle',
  diamond: 'rectRot',
  triangle: 'triangle',
};

/** The marker as a path of SVG around (x, y). */
export function markerPath(marker: Marker, x: number, y: number, radius: number): string {
  const [r, at] = [radius, (dx: number, dy: number) => `${round(x + dx)} ${round(y + dy)}`];
  switch (marker) {
    case 'square':
      return `M${at(-0.85 * r, -0.85 * r)}H${round(x + 0.85 * r)}V${round(y + 0.85 * r)}H${round(x - 0.85 * r)}Z`;
    case 'circle':
      return `M${at(-r, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    case 'diamond':
      return `M${at(0, -r)}L${at(r, 0)}L${at(0, r)}L${at(-r, 0)}Z`;
    case 'triangle':
      return `M${at(0, -r)}L${at(0.9 * r, 0.75 * r)}L${at(-0.9 * r, 0.75 * r)}Z`;
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * Which of the theme's colours a curve has: stable while curves are switched on and off. References are drawn like
 * text, rejected candidates like secondary text.
 */
export function colourSlots(
  series: readonly Pick<CurveSeries, 'id' | 'role'>[],
): ReadonlyMap<string, number> {
  const coloured = series.filter(
    ({ role }) => role === 'winner' || role === 'accepted' || role === 'candidate',
  );
  return new Map(coloured.map(({ id }, i) => [id, i]));
}
