import type { ModuleName } from '../../src/protocol/module.ts';
import type { RoundsStringKey, RoundsStrings } from '../../src/protocol/roundsStrings.ts';
import { fillIn, formatNumber, usableLocale } from '../shared/text.ts';

const moduleKeys = {
  construction: 'moduleConstruction',
  search: 'moduleSearch',
  refinement: 'moduleRefinement',
} as const satisfies Record<ModuleName, RoundsStringKey>;

/** The page's texts and numbers, in the editor's language. */
export class Words {
  readonly #strings: RoundsStrings;
  readonly #locale: string;

  constructor(strings: RoundsStrings, locale: string) {
    this.#strings = strings;
    this.#locale = usableLocale(locale);
  }

  text(key: RoundsStringKey, ...values: readonly string[]): string {
    return fillIn(this.#strings[key], values);
  }

  number(value: number, digits = 0): string {
    return formatNumber(value, digits, this.#locale);
  }

  /** A share of 1. */
  percent(share: number): string {
    return this.text('percent', this.number(100 * share));
  }

  module(module: ModuleName): string {
    return this.text(moduleKeys[module]);
  }

  /** A moment that the ledger has. */
  time(at: string): string {
    return new Date(at).toLocaleString(this.#locale, { dateStyle: 'medium', timeStyle: 'short' });
  }
}
