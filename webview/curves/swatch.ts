import type { CurveSeries } from '../../src/protocol/engine.ts';
import { svg } from '../shared/dom.ts';
import { lookOf, markerPath } from './look.ts';

/** How a curve is drawn, beside its name. The colour comes with a class, as the policy allows no inline style. */
export function swatch(series: CurveSeries, slot: number | undefined): SVGElement {
  const look = lookOf(series);
  const colour = slot === undefined ? `role-${series.role}` : `slot-${slot % 6}`;
  const drawing = svg('svg', {
    class: `swatch ${colour}`,
    width: 32,
    height: 14,
    viewBox: '0 0 32 14',
    'aria-hidden': 'true',
  });
  drawing.append(
    svg('path', {
      d: 'M1 7h30',
      fill: 'none',
      'stroke-width': look.width,
      'stroke-dasharray': look.dash.join(' ') || 'none',
    }),
    svg('path', {
      d: markerPath(look.marker, 16, 7, look.radius),
      class: look.filled ? 'filled' : 'hollow',
      'stroke-width': 1.5,
    }),
  );
  return drawing;
}
