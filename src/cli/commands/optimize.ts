import { type Command, Option } from 'commander';
import { optimize } from '../../engine/optimizer.ts';
import { catalogue } from '../../engine/policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from '../../engine/policy/playbook/playbookPolicy.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import { loadInputs } from '../loadInputs.ts';
import type { Execute } from '../main.ts';
import { wholeNumber } from '../numbers.ts';
import { optimizeText } from '../optimizeText.ts';

interface Options {
  readonly workspace?: string;
  readonly module: ModuleName;
  readonly dataset?: string;
  readonly group: number;
  readonly rounds: number;
  readonly seed: number;
  readonly apply: 'best' | 'none';
}

export function addOptimizeCommand(program: Command, execute: Execute): void {
  program
    .command('optimize')
    .description('propose, build, verify and measure rewrites of one module; confirm the best')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .addOption(
      new Option('--module <module>', 'module to optimize').choices([...moduleNames]).makeOptionMandatory(),
    )
    .option('--dataset <name>', "dataset (default: the manifest's first)")
    .option('--group <n>', 'candidates per round', wholeNumber(2, 64), 8)
    .option('--rounds <n>', 'rounds', wholeNumber(1, 100), 1)
    .addOption(
      new Option('--policy <policy>', 'what writes the candidates').choices(['playbook']).default('playbook'),
    )
    .option('--seed <n>', 'seed of sampling and of the query order', wholeNumber(0, 2 ** 31), 1)
    .addOption(
      new Option('--apply <what>', 'write the confirmed winner into the workspace, or leave it as a patch')
        .choices(['best', 'none'])
        .default('none'),
    )
    .action((options: Options) =>
      execute(async (context) => {
        const { output, services, signal } = context;
        const { syntax, locate, workspace, dataset } = await loadInputs(options, context);
        const { module, group, rounds, seed, apply } = options;
        const policy = createPlaybookPolicy({ catalogue, syntax });
        const report = await optimize({
          services,
          signal,
          workspace,
          dataset,
          locate,
          policy,
          module,
          group,
          rounds,
          seed,
          apply,
        });
        output.result(report, () => optimizeText(report));
      }),
    );
}
