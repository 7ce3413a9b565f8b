/** A text of the host with `{0}` and so on filled in. */
export function fillIn(text: string, values: readonly string[]): string {
  return text.replace(/\{(\d)\}/g, (hole, index) => values[Number(index)] ?? hole);
}

export function formatNumber(value: number, digits: number, locale: string): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A language tag that the browser would refuse must not take the page with it. */
export function usableLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
