import type { Estimate, SpeedupAt } from '../protocol/measurement.ts';
import { type ModuleName, moduleNames } from '../protocol/module.ts';
import type { ActiveRun } from './feature.ts';
import type { Localize } from './localize.ts';

/** What a run is about, in a word or two. */
export function modulesTitle(modules: readonly ModuleName[], l10n: Localize): string {
  return modules.length === moduleNames.length ? l10n.t('all modules') : modules.join(', ');
}

/** What a window is busy with, in a word or two. */
export function activeTitle({ kind, modules }: ActiveRun, l10n: Localize): string {
  return kind === 'train' ? l10n.t('GRPO round') : modulesTitle(modules, l10n);
}

/** `1:05`, `1:02:03`. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function remainingText(seconds: number, l10n: Localize): string {
  if (seconds < 60) return l10n.t('{0} s left', Math.max(1, Math.ceil(seconds)));
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return l10n.t('{0} min left', minutes);
  return l10n.t('{0} h {1} min left', Math.floor(minutes / 60), minutes % 60);
}

export interface ProgressState {
  readonly stage: string;
  readonly message: string;
  readonly fraction?: number | undefined;
  readonly remainingSeconds?: number | undefined;
}

/** `42 % · 3 min left`, or what of it is known. */
export function howFar(
  { fraction, remainingSeconds }: Omit<ProgressState, 'stage' | 'message'>,
  l10n: Localize,
): string {
  const share = fraction === undefined ? [] : [`${Math.floor(fraction * 100)} %`];
  const rest = remainingSeconds === undefined ? [] : [remainingText(remainingSeconds, l10n)];
  return [...share, ...rest].join(' · ');
}

/** The ratio at the recall that people ask for first: 0.95, or the one next to it that was estimated. */
export function headline(speedup: readonly SpeedupAt[]): SpeedupAt | undefined {
  const customary = 0.95;
  return speedup.toSorted((a, b) => Math.abs(a.recall - customary) - Math.abs(b.recall - customary))[0];
}

/** `search: 1.84x at recall 0.95`, with the interval. */
export function gainText(
  modules: readonly ModuleName[],
  gain: Estimate,
  speedup: readonly SpeedupAt[],
  l10n: Localize,
): string {
  const title = modulesTitle(modules, l10n);
  const at = headline(speedup);
  if (at === undefined) return l10n.t('{0}: {1} over the recall window', title, times(exponential(gain)));
  return l10n.t('{0}: {1} at recall {2}', title, times(at.ratio), String(at.recall));
}

/** `1.84x (1.79 to 1.90)`. */
function times({ value, low, high }: Estimate): string {
  return `${value.toFixed(2)}x (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** A gain is a logarithm of a ratio. */
function exponential({ value, low, high }: Estimate): Estimate {
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
}
