/** How numbers are written in terminals and in the editor. */

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
