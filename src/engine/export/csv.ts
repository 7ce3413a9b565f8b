import type { CandidateRow } from './candidateRow.ts';

type Cell = string | number | boolean | null | undefined;

/** RFC 4180: a header, CRLF after every line, and quotes around what holds a comma, a quote or the end of a line. */
export function csvText(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(value: Cell): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  // Spaces at the edges are part of a field, but some readers trim what has no quotes.
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

type Column = readonly [name: string, value: (row: CandidateRow) => Cell];

const fixedColumns: readonly Column[] = [
  ['run', (row) => row.run],
  ['at', (row) => row.at],
  ['group', (row) => row.group],
  ['round', (row) => row.round],
  ['candidate', (row) => row.candidate],
  ['module', (row) => row.module],
  ['policy', (row) => row.policy.id],
  ['policy_version', (row) => row.policy.version],
  ['datasets', (row) => row.datasets.join(' ')],
  ['base_hash', (row) => row.baseHash],
  ['verdict', (row) => row.verdict],
  ['reason', (row) => row.reason],
  ['check', (row) => row.check],
  ['detail', (row) => row.detail],
  ['repaired', (row) => row.repaired],
  ['same_as', (row) => row.sameAs],
  ['confirmed', (row) => row.confirmed],
  ['reward', (row) => row.reward],
  ['raw_reward', (row) => row.rawReward],
  ['advantage', (row) => row.advantage],
  ['gain', (row) => row.gain?.value],
  ['gain_low', (row) => row.gain?.low],
  ['gain_high', (row) => row.gain?.high],
];

/**
 * One line per candidate, judged or not, of every policy. Gains are `ln(AUC candidate / AUC reference)` with the ends of
 * their 95 % interval; `DATASET speedup@R` is the ratio of queries per second at recall R; `seconds STAGE` is how long a
 * stage took. A field without a value is empty. `repaired`: the policy was asked again for this reason; the verdict and
 * the gain are of the second answer, the reward of the first.
 */
export function candidatesCsv(rows: readonly CandidateRow[]): string {
  const recalls = distinct(
    rows.flatMap(({ speedups }) =>
      speedups.flatMap(({ dataset, at }) => at.map(({ recall }) => speedupColumn(dataset, recall))),
    ),
  ).sort();
  const stages = distinct(rows.flatMap(({ timings }) => Object.keys(timings)));
  const columns: readonly Column[] = [
    ...fixedColumns,
    ...recalls.map((name): Column => [name, (row) => speedupOf(row, name)]),
    ...stages.map((stage): Column => [`seconds ${stage}`, (row) => row.timings[stage]]),
  ];
  return csvText(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, value]) => value(row))),
  );
}

function speedupColumn(dataset: string, recall: number): string {
  return `${dataset} speedup@${recall}`;
}

function speedupOf({ speedups }: CandidateRow, column: string): number | undefined {
  for (const { dataset, at } of speedups) {
    const found = at.find(({ recall }) => speedupColumn(dataset, recall) === column);
    if (found !== undefined) return found.ratio.value;
  }
  return undefined;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
