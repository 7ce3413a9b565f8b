/** A plain table: columns padded to their widest cell, numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const right = headings.map((_, column) =>
    rows.every(
      (row) => typeof row[column] === 'number' || /^[-+]?[\d.,]+( ?%| x)?$/.test(String(row[column])),
    ),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        right[column] === true ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(cells[0]!), widths.map((w) => '-'.repeat(w)).join('  '), ...cells.slice(1).map(line)].join(
    '\n',
  );
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A log ratio as a percentage gain with its sign: 0.405 -> "+49.9 %". */
export function formatGain(logRatio: number): string {
  const gain = (Math.exp(logRatio) - 1) * 100;
  return `${gain >= 0 ? '+' : ''}${gain.toFixed(1)} %`;
}

export function formatQps(qps: number): string {
  return qps >= 1000 ? Math.round(qps).toLocaleString('en-US') : qps.toFixed(1);
}
