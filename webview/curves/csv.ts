import type { CurveSeries } from '../../src/protocol/engine.ts';
import { byRecall, frontierOf } from './frontier.ts';
import type { Run } from './view.ts';

const columns = [
  'kind',
  'run',
  'at',
  'dataset',
  'module',
  'candidate',
  'curve',
  'role',
  'timing',
  'ef',
  'recall',
  'qps',
  'qps_low',
  'qps_high',
  'seconds_per_query',
  'on_frontier',
  'gain_ln',
  'gain_ln_low',
  'gain_ln_high',
  'build_cpu_seconds',
  'memory_bytes',
  'machine',
  'compiler',
] as const;

type Cell = string | number | boolean | null;
type Row = Partial<Record<(typeof columns)[number], Cell>>;

/**
 * The curves as comma-separated values (RFC 4180), a header and one line per measured point (`point`) and per interval
 * at a recall (`interval`). Numbers are plain and in SI units; gains are natural logarithms of ratios.
 */
export function csvOf(series: readonly CurveSeries[], runs: readonly Run[]): string {
  const lines = series.flatMap((one) => {
    const common = commonCells(
      one,
      runs.find(({ id }) => id === one.run),
    );
    const corners = new Set(frontierOf(one.points));
    return [
      ...byRecall(one.points).map((point) =>
        lineOf({
          ...common,
          kind: 'point',
          ef: point.ef,
          recall: point.recall,
          qps: point.qps,
          seconds_per_query: point.secondsPerQuery,
          on_frontier: corners.has(point),
        }),
      ),
      ...one.intervals.map(({ recall, value, low, high }) =>
        lineOf({ ...common, kind: 'interval', recall, qps: value, qps_low: low, qps_high: high }),
      ),
    ];
  });
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function commonCells(one: CurveSeries, run: Run | undefined): Row {
  return {
    run: one.run,
    at: run?.at ?? null,
    dataset: one.dataset,
    module: one.module,
    candidate: one.candidate,
    curve: one.name,
    role: one.role,
    timing: one.mode,
    gain_ln: one.gain?.value ?? null,
    gain_ln_low: one.gain?.low ?? null,
    gain_ln_high: one.gain?.high ?? null,
    build_cpu_seconds: one.costs === null ? null : one.costs.buildCpuSeconds + one.costs.prepareCpuSeconds,
    memory_bytes: one.costs?.anonymousBytes ?? null,
    machine: run?.machine ?? null,
    compiler: run?.compiler ?? null,
  };
}

function lineOf(row: Row): string {
  return columns.map((column) => cellOf(row[column] ?? null)).join(',');
}

function cellOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  // A spreadsheet takes text that begins like this for a formula.
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
