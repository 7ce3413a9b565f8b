import * as vscode from 'vscode';
import * as z from 'zod';
import type { ModuleName } from '../protocol/module.ts';
import type { Engine, Store } from './feature.ts';
import {
  budgetItems,
  datasetItems,
  policyItems,
  type RunChoice,
  startingChoice,
  typedBudget,
  typedDataset,
} from './runChoice.ts';
import { modulesTitle } from './runText.ts';
import { runSettings } from './settings.ts';
import { askSteps } from './steps.ts';

interface AskOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly memento: vscode.Memento;
  readonly root: string;
  readonly modules: readonly ModuleName[];
}

const choiceSchema = z.object({
  dataset: z.string(),
  policy: z.enum(['playbook']),
  budgetMinutes: z.number().positive().nullable(),
});
const rememberedSchema = z.object({ choice: choiceSchema, settings: choiceSchema });

/** Dataset, policy and budget of a run, in the fields of its task; undefined when dismissed. */
export async function askRun({
  engine,
  store,
  memento,
  root,
  modules,
}: AskOptions): Promise<{ readonly dataset: string; readonly budgetMinutes: number } | undefined> {
  const { l10n } = vscode;
  const key = `annsmith.choice:${root}`;
  const { dataset, policy, budgetMinutes } = runSettings(vscode.Uri.file(root));
  const settings: RunChoice = { dataset, policy, budgetMinutes };
  const remembered = rememberedSchema.safeParse(memento.get<unknown>(key));
  const named = store.workspaces.find((workspace) => workspace.root === root)?.datasets ?? [];
  const start = startingChoice(settings, remembered.success ? remembered.data : undefined, named);
  const known = store.datasets ?? (await engine.request('annsmith/datasets', {})).datasets;
  const answers = await askSteps<string, RunChoice['policy'], number | null>(
    l10n.t('Optimize {0}', modulesTitle(modules, l10n)),
    [
      {
        placeholder: l10n.t('Dataset to measure on'),
        items: datasetItems(start.dataset, named, known, l10n),
        chosen: start.dataset,
        typed: (text) => typedDataset(text, l10n),
      },
      { placeholder: l10n.t('What writes the candidates'), items: policyItems(l10n), chosen: start.policy },
      {
        placeholder: l10n.t('Time for the run; other minutes can be typed'),
        items: budgetItems(start.budgetMinutes, l10n),
        chosen: start.budgetMinutes,
        typed: (text) => typedBudget(text, l10n),
      },
    ],
  );
  if (answers === undefined) return undefined;
  const choice: RunChoice = { dataset: answers[0], policy: answers[1], budgetMinutes: answers[2] };
  await memento.update(key, { choice, settings });
  // Tasks have no null: there, 0 is no limit.
  return { dataset: choice.dataset, budgetMinutes: choice.budgetMinutes ?? 0 };
}
