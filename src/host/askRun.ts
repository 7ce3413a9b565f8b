import * as vscode from 'vscode';
import * as z from 'zod';
import type { ModuleName } from '../protocol/module.ts';
import type { Engine, Store } from './feature.ts';
import { offeredModels } from './policy/chatModels.ts';
import { endpointOf } from './policy/endpoint.ts';
import { policyItems, typedPolicy } from './policy/policyItems.ts';
import { recentPolicies, rememberPolicy } from './policy/recentPolicies.ts';
import {
  budgetItems,
  datasetItems,
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
  policy: z.string(),
  budgetMinutes: z.number().positive().nullable(),
});
const rememberedSchema = z.object({ choice: choiceSchema, settings: choiceSchema });

/** The fields of a task that are asked for. */
interface RunFields {
  readonly dataset: string;
  readonly policy: string;
  readonly budgetMinutes: number;
}

/** Dataset, policy and budget of a run, in the fields of its task; undefined when dismissed. */
export async function askRun({
  engine,
  store,
  memento,
  root,
  modules,
}: AskOptions): Promise<RunFields | undefined> {
  const { l10n } = vscode;
  const key = `annsmith.choice:${root}`;
  const { dataset, policy, budgetMinutes, model } = runSettings(vscode.Uri.file(root));
  const settings: RunChoice = { dataset, policy, budgetMinutes };
  const remembered = rememberedSchema.safeParse(memento.get<unknown>(key));
  const named = store.workspaces.find((workspace) => workspace.root === root)?.datasets ?? [];
  const start = startingChoice(settings, remembered.success ? remembered.data : undefined, named);
  const [known, offered] = await Promise.all([
    store.datasets ?? engine.request('annsmith/datasets', {}).then(({ datasets }) => datasets),
    offeredModels(),
  ]);
  const endpoint = endpointOf(model.baseUrl, process.env['OPENAI_BASE_URL'])?.origin;
  const offer = { chosen: start.policy, recent: recentPolicies(memento), offered, endpoint };
  const answers = await askSteps<string, string, number | null>(
    l10n.t('Optimize {0}', modulesTitle(modules, l10n)),
    [
      {
        placeholder: l10n.t('Dataset to measure on'),
        items: datasetItems(start.dataset, named, known, l10n),
        chosen: start.dataset,
        typed: (text) => typedDataset(text, l10n),
      },
      {
        placeholder: l10n.t('What writes the candidates; a model can be typed: openai:MODEL'),
        items: policyItems(offer, l10n),
        chosen: start.policy,
        typed: (text) => typedPolicy(text, offer, l10n),
      },
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
  await rememberPolicy(memento, choice.policy);
  // Tasks have no null: there, 0 is no limit.
  return { dataset: choice.dataset, policy: choice.policy, budgetMinutes: choice.budgetMinutes ?? 0 };
}
