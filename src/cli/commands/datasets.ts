import { type Command, Option } from 'commander';
import { type Datasets, type ImportRequest, openDatasets } from '../../engine/dataset/datasets.ts';
import { metricNames, type PreparedDataset } from '../../protocol/dataset.ts';
import type { CommandContext } from '../context.ts';
import { ExitWith, exitCodes } from '../exit.ts';
import type { Execute } from '../main.ts';
import { formatBytes, table } from '../table.ts';

function open({ services }: CommandContext): Datasets {
  return openDatasets({ services });
}

function readyText({ name, n, dim, queries, metric }: PreparedDataset): string {
  return `${name}: ${n} x ${dim}, ${queries} queries, ${metric}, ready`;
}

export function addDatasetsCommand(program: Command, execute: Execute): void {
  const datasets = program.command('datasets').description('list, fetch, import and verify datasets');

  datasets
    .command('list')
    .description('known datasets and what of them is on this machine')
    .action(() =>
      execute(async (context) => {
        const list = await open(context).list();
        context.output.result({ datasets: list }, () =>
          table(
            ['name', 'state', 'metric', 'base', 'dim', 'queries', 'on disk', 'licence'],
            list.map((d) => [
              d.name,
              d.state,
              d.metric,
              d.n,
              d.dim,
              d.queries,
              formatBytes(d.bytesOnDisk),
              d.licence,
            ]),
          ),
        );
      }),
    );

  datasets
    .command('get <name>')
    .description('fetch a dataset, convert it, make its exact ground truth')
    .action((name: string) =>
      execute(async (context) => {
        const dataset = await open(context).get(name, { signal: context.signal });
        context.output.result(dataset, () => readyText(dataset));
      }),
    );

  datasets
    .command('import <name>')
    .description('import your own vectors (npy, fvecs, fbin, IDX, ann-benchmarks HDF5)')
    .requiredOption('--base <file>', 'base vectors')
    .option('--queries <file>', 'query vectors (default: 1 % of the base is set aside, at most 10,000)')
    .option('--neighbours <file>', 'true neighbours (ivecs, ibin), checked against the computed ones')
    .option('--base-field <name>', 'array of the base in an HDF5 file (default: train)')
    .option('--queries-field <name>', 'array of the queries in an HDF5 file (default: test)')
    .option('--licence <text>', 'shown by `datasets list`')
    .option('--replace', 'replace an imported dataset of the same name')
    .addOption(new Option('--metric <metric>', 'distance').choices([...metricNames]).default('euclidean'))
    .action((name: string, options: Omit<ImportRequest, 'name' | 'signal'>) =>
      execute(async (context) => {
        const dataset = await open(context).importVectors({ name, ...options, signal: context.signal });
        context.output.result(dataset, () => readyText(dataset));
      }),
    );

  datasets
    .command('verify <name>')
    .description('hash the cached files again and recompute a sample of the ground truth')
    .action((name: string) =>
      execute(async (context) => {
        const report = await open(context).verify(name);
        context.output.result({ name, ...report }, () =>
          report.ok ? `${name}: whole and right` : report.problems.join('\n'),
        );
        if (!report.ok) throw new ExitWith(exitCodes.failed);
      }),
    );
}
