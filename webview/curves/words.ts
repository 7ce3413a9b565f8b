import type { CurvesStringKey, CurvesStrings } from '../../src/protocol/curvesStrings.ts';
import type { CurveSeries, SeriesRole } from '../../src/protocol/engine.ts';
import type { CurvePoint, Estimate } from '../../src/protocol/measurement.ts';
import type { ModuleName } from '../../src/protocol/module.ts';
import { fillIn, formatNumber, usableLocale } from '../shared/text.ts';
import type { Run } from './view.ts';

const minus = '\u2212';
const nonBreaking = '\u00a0';

const moduleKeys = {
  construction: 'moduleConstruction',
  search: 'moduleSearch',
  refinement: 'moduleRefinement',
} as const satisfies Record<ModuleName, CurvesStringKey>;

const roleKeys = {
  reference: 'roleReference',
  measured: 'roleMeasured',
  winner: 'roleWinner',
  accepted: 'roleAccepted',
  candidate: 'roleCandidate',
  rejected: 'roleRejected',
} as const satisfies Record<SeriesRole, CurvesStringKey>;

const statusKeys = {
  active: 'statusActive',
  done: 'statusDone',
  cancelled: 'statusCancelled',
  failed: 'statusFailed',
  unfinished: 'statusUnfinished',
} as const satisfies Record<Run['status'], CurvesStringKey>;

/** The page's texts and numbers, in the editor's language. */
export class Words {
  readonly #strings: CurvesStrings;
  readonly #locale: string;

  constructor(strings: CurvesStrings, locale: string) {
    this.#strings = strings;
    this.#locale = usableLocale(locale);
  }

  text(key: CurvesStringKey, ...values: readonly string[]): string {
    return fillIn(this.#strings[key], values);
  }

  number(value: number, digits = 0): string {
    return formatNumber(value, digits, this.#locale);
  }

  qps(value: number): string {
    return this.number(value, value < 100 ? 1 : 0);
  }

  recall(value: number): string {
    return this.number(value, 4);
  }

  /** A recall that was chosen: as many digits as it needs, at least two. */
  chosenRecall(value: number): string {
    return value.toLocaleString(this.#locale, { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  }

  /** A log ratio as a percentage. */
  gain(logRatio: number): string {
    const percent = Math.expm1(logRatio) * 100;
    const text = this.number(Math.abs(percent), Math.abs(percent) < 99.95 ? 1 : 0);
    const sign = percent >= 0 || !/[1-9]/.test(text) ? '+' : minus;
    return `${sign}${text}${nonBreaking}%`;
  }

  gainWithInterval({ value, low, high }: Estimate): string {
    return this.text('interval', this.gain(value), this.gain(low), this.gain(high));
  }

  seconds(value: number): string {
    return `${this.number(value, value < 10 ? 2 : 1)}${nonBreaking}s`;
  }

  mebibytes(bytes: number): string {
    const value = bytes / 2 ** 20;
    return `${this.number(value, value < 10 ? 1 : 0)}${nonBreaking}MiB`;
  }

  module(module: ModuleName): string {
    return this.text(moduleKeys[module]);
  }

  role(role: SeriesRole): string {
    return this.text(roleKeys[role]);
  }

  status(status: Run['status']): string {
    return this.text(statusKeys[status]);
  }

  timing(mode: CurveSeries['mode']): string {
    return this.text(mode === 'paired' ? 'timingPaired' : 'timingResident');
  }

  /** One point in words: `ef 40, recall 0.9874, 2,890 QPS`. */
  point({ ef, recall, qps }: CurvePoint): string {
    return this.text('pointOf', this.number(ef), this.recall(recall), this.qps(qps));
  }
}
