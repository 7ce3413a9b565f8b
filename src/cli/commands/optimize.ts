import { type Command, Option } from 'commander';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { openPolicy, requirePolicies } from '../../engine/openPolicy.ts';
import { optimize } from '../../engine/optimizer.ts';
import { policyForms } from '../../engine/policy/model/modelSpec.ts';
import { runInputs } from '../../engine/runInputs.ts';
import { splitDatasetNames } from '../../protocol/dataset.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import { type Aggregate, aggregates } from '../../protocol/optimize.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';
import { modelAccess } from '../modelAccess.ts';
import { addModelOptions, type ModelOptions } from '../modelOptions.ts';
import { modulesOf } from '../modulesOf.ts';
import { wholeNumber } from '../numbers.ts';
import { optimizeText } from '../optimizeText.ts';

interface Options extends ModelOptions {
  readonly workspace?: string;
  readonly module: readonly [ModuleName, ...ModuleName[]];
  readonly dataset: readonly string[];
  readonly holdOut: readonly string[];
  readonly aggregate: Aggregate;
  readonly group: number;
  readonly rounds: number;
  readonly budget?: number;
  readonly policy: string;
  readonly seed: number;
  readonly apply: 'best' | 'none';
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, ...splitDatasetNames(value)];
}

export function addOptimizeCommand(program: Command, execute: Execute): void {
  const command = program
    .command('optimize')
    .description(
      'propose, build, verify and measure rewrites, module by module; confirm and minimise the best',
    )
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .requiredOption(
      '--module <module>',
      `what to optimize: ${moduleNames.join(', ')}, several with commas, or all; each starts from the best confirmed state of the one before`,
      modulesOf,
    )
    .option(
      '--dataset <name>',
      "dataset, or several (with commas, or the option again) to optimize on at once (default: the manifest's first)",
      collect,
      [],
    )
    .option(
      '--hold-out <name>',
      'dataset that only the final result is measured on; may be repeated',
      collect,
      [],
    )
    .addOption(
      new Option('--aggregate <how>', 'one gain from several datasets: the geometric mean, or the worst')
        .choices([...aggregates])
        .default('geomean'),
    )
    .option('--group <n>', 'candidates per round', wholeNumber(2, 64), 8)
    .option('--rounds <n>', 'rounds per module', wholeNumber(1, 100), 1)
    .option(
      '--budget <minutes>',
      'time for the run, split between the modules; the first round of each always runs (default: as long as it takes)',
      wholeNumber(1, 10_000),
    )
    .option(
      '--policy <policy>',
      `what writes the candidates: ${policyForms.join(', ')}; of several with commas each group comes whole from one`,
      'playbook',
    )
    .option('--seed <n>', 'seed of sampling and of the query order', wholeNumber(0, 2 ** 31), 1)
    .addOption(
      new Option('--apply <what>', 'write the confirmed winner into the workspace, or leave it as a patch')
        .choices(['best', 'none'])
        .default('none'),
    );
  addModelOptions(command).action((options: Options) =>
    execute(async (context) => {
      const { output, services, signal } = context;
      const { module, dataset, holdOut, aggregate, group, rounds, budget, seed, apply } = options;
      const syntax = await createCppSyntax();
      const access = modelAccess(options, context);
      requirePolicies(options.policy, access);
      const inputs = await runInputs(
        { root: findWorkspace(options.workspace), datasets: dataset, heldOut: holdOut },
        { services, signal, syntax },
      );
      const report = await optimize({
        services,
        signal,
        ...inputs,
        policy: openPolicy(options.policy, {
          ...access,
          syntax,
          root: inputs.workspace.root,
          manifest: inputs.workspace.manifest,
        }),
        modules: module,
        aggregate,
        group,
        rounds,
        budgetSeconds: budget === undefined ? undefined : budget * 60,
        seed,
        apply,
      });
      output.result(report, () => optimizeText(report));
    }),
  );
}
