/** One JSON object per line, as `datasets.load_dataset('json', …)` reads it. */
export function jsonLines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}
