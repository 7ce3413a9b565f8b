import type { Command } from 'commander';
import { benchWorkspace, compareWorkspaces } from '../../engine/bench.ts';
import { loadWorkspace } from '../../engine/module/workspace.ts';
import { formatGain, formatQps } from '../../protocol/numberText.ts';
import { withWorkspaceState } from '../gitRevision.ts';
import { loadInputs } from '../loadInputs.ts';
import type { Execute } from '../main.ts';
import { wholeNumber } from '../numbers.ts';
import { speedupTable } from '../speedupTable.ts';
import { table } from '../table.ts';

interface Options {
  readonly workspace?: string;
  readonly dataset?: string;
  readonly compare?: string;
  readonly seconds: number;
  readonly seed: number;
}

export function addBenchCommand(program: Command, execute: Execute): void {
  program
    .command('bench')
    .description('the QPS-recall curve of the workspace as saved, or its gain over another state of it')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .option('--dataset <name>', "dataset (default: the manifest's first)")
    .option('--compare <rev>', 'git revision or workspace folder to compare with; both are measured together')
    .option('--seconds <n>', 'time spent on timing', wholeNumber(5, 3600), 60)
    .option('--seed <n>', 'seed of the query order', wholeNumber(0, 2 ** 31), 1)
    .action((options: Options) =>
      execute(async (context) => {
        const { output, services, signal } = context;
        const { workspace, dataset, locate, syntax } = await loadInputs(options, context);
        const { seconds, seed, compare } = options;
        const request = { services, signal, workspace, dataset, seconds, seed };
        if (compare === undefined) {
          const curve = await benchWorkspace(request);
          output.result({ workspace: workspace.root, dataset: dataset.name, ...curve }, () =>
            table(
              ['ef', 'recall', 'QPS', '95 % interval'],
              curve.points.map((p) => [
                p.ef,
                p.recall.toFixed(4),
                formatQps(p.qps),
                `${formatQps(p.qpsInterval.low)} .. ${formatQps(p.qpsInterval.high)}`,
              ]),
            ),
          );
          return;
        }
        await withWorkspaceState(workspace.root, compare, services.processes, async (folder) => {
          const base = await loadWorkspace(folder, { syntax });
          const { comparison, graph } = await compareWorkspaces({ ...request, base, locate });
          output.result(
            { workspace: workspace.root, compare, dataset: dataset.name, graph, comparison },
            () => {
              const { value, low, high } = comparison.logRatio;
              return [
                `gain ${formatGain(value)} (${formatGain(low)} .. ${formatGain(high)}) over ${compare}, area under the curve in the recall window`,
                speedupTable(comparison.speedupAt),
              ].join('\n');
            },
          );
        });
      }),
    );
}
