import type { BuildCosts } from '../../protocol/costs.ts';
import type { FinalTrial } from '../../protocol/ledger.ts';
import type { BothSides, LatencySummary } from '../../protocol/measurement.ts';
import { formatBytes, formatLatency, formatQps, formatRatio, formatSeconds } from './format.ts';
import { type Html, html } from './html.ts';
import { type Row, table } from './table.ts';

/** Build time, memory, latency and throughput, before and after. */
export function costsSection(trials: readonly FinalTrial[]): Html {
  return html`<section aria-labelledby="costs"><h2 id="costs">Costs, latency and throughput</h2>
<div class="costs">${trials.map(costTable)}</div></section>
`;
}

function compared(name: string, before: number, after: number, format: (value: number) => string): Row {
  return [name, format(before), format(after), before > 0 ? formatRatio(after / before) : ''];
}

function costTable({ dataset, costs, latency, throughput }: FinalTrial): Html {
  const cost = (name: string, of: (c: BuildCosts) => number, format: (value: number) => string): Row =>
    compared(name, of(costs.reference), of(costs.candidate), format);
  const delay = (name: string, of: (l: LatencySummary) => number): Row =>
    compared(name, of(latency.reference), of(latency.candidate), formatLatency);
  const ef = efs({ reference: latency.reference.ef, candidate: latency.candidate.ef });
  return table(
    `On ${dataset}`,
    [
      { title: '' },
      { title: 'Before', numeric: true },
      { title: 'After', numeric: true },
      { title: 'Ratio', numeric: true },
    ],
    [
      cost('Build of the graph, CPU time', (c) => c.buildCpuSeconds, formatSeconds),
      cost('Preparation, CPU time', (c) => c.prepareCpuSeconds, formatSeconds),
      cost('Memory of the process without the vectors', (c) => c.anonymousBytes, formatBytes),
      cost('Memory as the index reports it', (c) => c.memoryBytes, formatBytes),
      cost('Memory in huge pages', (c) => c.hugePageBytes, formatBytes),
      delay(`Latency p50, ${ef}`, (l) => l.p50),
      delay('Latency p95', (l) => l.p95),
      delay('Latency p99', (l) => l.p99),
      delay('Latency, mean', (l) => l.mean),
      ...(throughput ?? []).map(({ threads, reference, candidate }) =>
        compared(
          `QPS of ${threads} threads, ${efs({ reference: reference.ef, candidate: candidate.ef })}`,
          reference.qps,
          candidate.qps,
          formatQps,
        ),
      ),
    ],
  );
}

function efs({ reference, candidate }: BothSides<number>): string {
  return reference === candidate ? `ef ${reference}` : `ef ${reference} and ${candidate}`;
}
