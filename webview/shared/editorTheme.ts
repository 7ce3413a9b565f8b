import type { ChartTheme } from './chartTheme.ts';

/** Colours of the page, as `rgb()` or `rgba()`, so that the canvas and the SVG file can take them as they are. */
export interface Theme extends ChartTheme {
  readonly focus: string;
  readonly palette: readonly string[];
  /** Colours are few and strong: nothing is faded. */
  readonly highContrast: boolean;
}

const paletteSize = 6;

/** As the page's style sheet has it now; the base sheet maps the editor's variables. */
export function readTheme(): Theme {
  const probe = document.createElement('span');
  probe.className = 'probe';
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = '';
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const theme: Theme = {
    text: colour('text'),
    muted: colour('muted'),
    line: colour('line'),
    surface: colour('surface'),
    window: fade(colour('accent'), 0.12),
    focus: colour('focus'),
    palette: Array.from({ length: paletteSize }, (_, i) => colour(`series-${i}`)),
    highContrast: document.body.classList.contains('vscode-high-contrast'),
  };
  probe.remove();
  return theme;
}

/** Calls back when the editor's theme, or a colour of it, changes. */
export function onThemeChange(changed: () => void): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
}

/** The colour with so much of its opacity. */
export function fade(colour: string, opacity: number): string {
  const parts = /^rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[,/ ]+([\d.]+))?\)$/.exec(colour);
  if (parts === null) return colour;
  const [, red, green, blue, alpha = '1'] = parts;
  return `rgba(${red}, ${green}, ${blue}, ${Math.round(Number(alpha) * opacity * 1000) / 1000})`;
}
