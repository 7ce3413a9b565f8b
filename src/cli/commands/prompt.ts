import { type Command, Option } from 'commander';
import { contrastivePrompt, promptAsText } from '../../engine/contrastivePrompt.ts';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { previewPrompt } from '../../engine/promptPreview.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';
import { addModelOptions, type ModelOptions, modelSettings } from '../modelOptions.ts';
import { wholeNumber } from '../numbers.ts';

interface Options extends ModelOptions {
  readonly workspace?: string;
  readonly module: ModuleName;
  readonly dataset?: string;
  readonly seed: number;
}

export function addPromptCommand(program: Command, execute: Execute): void {
  const command = program
    .command('prompt')
    .description('the exact prompt that a language model would get for a module; sends nothing')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .addOption(
      new Option('--module <module>', 'what to optimize').choices([...moduleNames]).makeOptionMandatory(),
    )
    .option('--dataset <name>', "dataset (default: the manifest's first)")
    .option('--seed <n>', 'seed of the run whose first prompt this is', wholeNumber(0, 2 ** 31), 1);
  addModelOptions(command).action((options: Options) =>
    execute(async ({ output, services, signal }) => {
      const prompt = await previewPrompt(
        {
          root: findWorkspace(options.workspace),
          module: options.module,
          dataset: options.dataset,
          seed: options.seed,
          build: contrastivePrompt(modelSettings(options)),
        },
        { services, signal, syntax: await createCppSyntax() },
      );
      output.result(prompt, () => promptAsText(prompt));
    }),
  );
}
