import { type Command, Option } from 'commander';
import { type Datasets, type ImportRequest, openDatasets } from '../../engine/dataset/datasets.ts';
import { syntheticKinds } from '../../engine/dataset/syntheticName.ts';
import { type DatasetInfo, metricNames, type PreparedDataset } from '../../protocol/dataset.ts';
import { formatBytes } from '../../protocol/numberText.ts';
import type { CommandContext } from '../context.ts';
import { ExitWith, exitCodes } from '../exit.ts';
import type { Execute } from '../main.ts';
import { wholeNumber } from '../numbers.ts';
import { table } from '../table.ts';

function open({ services }: CommandContext): Datasets {
  return openDatasets({ services });
}

function readyText({ name, n, dim, queries, metric }: PreparedDataset): string {
  return `${name}: ${n} x ${dim}, ${queries} queries, ${metric}, ready`;
}

function listText(list: readonly DatasetInfo[]): string {
  const rows = list.map((d) => [
    d.name,
    d.state,
    d.metric,
    d.n,
    d.dim,
    d.queries,
    formatBytes(d.bytesOnDisk),
    d.licence,
  ]);
  const noted = list.filter(({ note }) => note !== undefined);
  return [
    table(['name', 'state', 'metric', 'base', 'dim', 'queries', 'on disk', 'licence'], rows),
    '',
    ...noted.map(({ name, note }) => `${name}: ${note}.`),
    '',
    'Seeded sets of any size, made on demand wherever a name is accepted (k: thousands, m: millions):',
    table(
      ['such as', 'what'],
      syntheticKinds.map(({ example, about }) => [example, about]),
    ),
    `Also: queries=10000, metric=${metricNames.join('|')}.`,
  ].join('\n');
}

interface ImportOptions extends Omit<ImportRequest, 'name' | 'signal'> {
  readonly name?: string;
}

export function addDatasetsCommand(program: Command, execute: Execute): void {
  const datasets = program.command('datasets').description('list, fetch, import and verify datasets');

  datasets
    .command('list')
    .description('known datasets and what of them is on this machine; how to name seeded ones')
    .action(() =>
      execute(async (context) => {
        const list = await open(context).list();
        context.output.result({ datasets: list, synthetic: syntheticKinds }, () => listText(list));
      }),
    );

  datasets
    .command('get <name>')
    .description('fetch or generate a dataset, convert it, make its exact ground truth')
    .action((name: string) =>
      execute(async (context) => {
        const dataset = await open(context).get(name, { signal: context.signal });
        context.output.result(dataset, () => readyText(dataset));
      }),
    );

  datasets
    .command('import [name]')
    .description('import your own vectors (npy, fvecs, fbin, u8bin, i8bin, IDX, ann-benchmarks HDF5)')
    .option('--name <name>', 'name of the dataset, if not given before the options')
    .requiredOption('--base <file>', 'base vectors')
    .option('--queries <file>', 'query vectors (default: those of an HDF5 base, else a split)')
    .option(
      '--split <rows>',
      'rows of the base set aside as queries, by a fixed seed (default: 1 %, at most 10,000)',
      wholeNumber(1, 2 ** 31),
    )
    .option('--neighbours <file>', 'true neighbours (ivecs, ibin), used if a recomputed sample agrees')
    .option(
      '--k <number>',
      'true neighbours kept per query (default: 100, or the whole base)',
      wholeNumber(1, 10_000),
    )
    .option('--base-field <name>', 'array of the base in an HDF5 file (default: train)')
    .option('--queries-field <name>', 'array of the queries in an HDF5 file (default: test)')
    .option('--licence <text>', 'shown by `datasets list`')
    .option('--replace', 'replace an imported dataset of the same name')
    .addOption(
      new Option(
        '--metric <metric>',
        'distance (default: the attribute of an HDF5 base, else euclidean)',
      ).choices([...metricNames]),
    )
    .action((given: string | undefined, options: ImportOptions, command: Command) => {
      const name = given ?? options.name;
      if (name === undefined || (given !== undefined && options.name !== undefined)) {
        command.error('error: the dataset needs one name: --name NAME');
      }
      return execute(async (context) => {
        const dataset = await open(context).importVectors({ ...options, name, signal: context.signal });
        context.output.result(dataset, () => readyText(dataset));
      });
    });

  datasets
    .command('verify <name>')
    .description('hash the cached files again and recompute a sample of the ground truth')
    .action((name: string) =>
      execute(async (context) => {
        const report = await open(context).verify(name, { signal: context.signal });
        context.output.result({ name, ...report }, () =>
          report.ok
            ? `${name}: whole and right`
            : [...report.problems, `\`annsmith datasets get '${name}'\` makes it, or says how.`].join('\n'),
        );
        if (!report.ok) throw new ExitWith(exitCodes.failed);
      }),
    );
}
