import type { ReportSeries } from '../../src/protocol/report.ts';
import type { ChartTheme } from '../shared/chartTheme.ts';

/** Colours of the charts, from the page's style sheet. */
export interface Theme extends ChartTheme {
  readonly series: Readonly<Record<ReportSeries['role'], string>>;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text'),
    muted: colour('muted'),
    line: colour('line'),
    surface: colour('surface'),
    window: colour('window'),
    series: {
      reference: colour('text'),
      winner: colour('accent'),
      accepted: colour('muted'),
      rejected: colour('faint'),
    },
  };
}

/** Calls back when the colours change: light and dark, screen and print. */
export function onThemeChange(changed: () => void): void {
  for (const query of ['(prefers-color-scheme: dark)', 'print']) {
    matchMedia(query).addEventListener('change', changed);
  }
}
