import * as vscode from 'vscode';
import { usePolicy } from '../settings.ts';
import { offeredModels } from './chatModels.ts';
import { type PolicyContext, policyInUse, policyScope } from './policyContext.ts';
import { modelsNamed, policyAbout } from './policyItems.ts';
import { recentPolicies, rememberPolicy } from './recentPolicies.ts';
import { setKey } from './setKey.ts';
import { type PolicySpec, parsePolicies, policyId, policyText } from './spec.ts';

interface Item extends vscode.QuickPickItem {
  /** Absent: a model is to be named. */
  readonly spec?: PolicySpec;
}

/** Asks for one policy or several and writes them into the settings of the folder. `policy` is taken without asking. */
export async function choosePolicy(context: PolicyContext, policy?: string): Promise<void> {
  const specs = policy === undefined ? await pickSpecs(context) : parsePolicies(policy);
  if (specs === undefined || specs.length === 0) return;
  const text = policyText(specs);
  await usePolicy(policyScope(context), text);
  await rememberPolicy(context.extension.workspaceState, text);
  const { endpoint, keys } = context.models;
  const needsKey = endpoint !== undefined && !endpoint.isLocal && !keys.has(endpoint.origin);
  if (policy === undefined && needsKey && specs.some(({ kind }) => kind === 'openai')) await setKey(context);
}

async function pickSpecs(context: PolicyContext): Promise<readonly PolicySpec[] | undefined> {
  const { l10n, window } = vscode;
  const picked = await window.showQuickPick(itemsOf(context), {
    title: l10n.t('Choose Policy'),
    placeHolder: l10n.t('What writes the candidates; with several, each group comes from one of them'),
    canPickMany: true,
    matchOnDescription: true,
  });
  if (picked === undefined) return undefined;
  const chosen = picked.flatMap(({ spec }) => spec ?? []);
  if (picked.every(({ spec }) => spec !== undefined)) return chosen;
  const named = await nameModels(context);
  return named === undefined ? undefined : [...chosen, ...named];
}

async function itemsOf(context: PolicyContext): Promise<Item[]> {
  const { l10n } = vscode;
  const offered = await offeredModels();
  const endpoint = context.models.endpoint?.origin;
  const inUse = parsePolicies(policyInUse(context)) ?? [];
  const before = recentPolicies(context.extension.workspaceState).flatMap(
    (text) => parsePolicies(text) ?? [],
  );
  const known = [...inUse, ...before];
  const itemOf = (spec: PolicySpec): Item => ({
    label: spec.kind === 'playbook' ? l10n.t('Playbook') : policyId(spec).replace(/^\w+:/, ''),
    description: policyAbout(spec, { offered, endpoint }, l10n),
    picked: inUse.some((other) => policyId(other) === policyId(spec)),
    spec,
  });
  const editors = [
    ...known.filter(({ kind }) => kind === 'vscode'),
    ...offered.map(({ vendor, family }): PolicySpec => ({ kind: 'vscode', vendor, family })),
  ];
  return [
    itemOf({ kind: 'playbook' }),
    separator(
      endpoint === undefined ? l10n.t('OpenAI-compatible') : l10n.t('OpenAI-compatible, at {0}', endpoint),
    ),
    ...distinct(known.filter(({ kind }) => kind === 'openai')).map(itemOf),
    {
      label: l10n.t('Another OpenAI-compatible model…'),
      description: l10n.t(
        'OpenAI, vLLM, llama.cpp, Ollama, LM Studio, OpenRouter, a gateway: its name is asked for',
      ),
    },
    ...(editors.length === 0 ? [] : [separator(l10n.t('Of the editor'))]),
    ...distinct(editors).map(itemOf),
  ];
}

function distinct(specs: readonly PolicySpec[]): readonly PolicySpec[] {
  return [...new Map(specs.map((spec) => [policyId(spec), spec])).values()];
}

function separator(label: string): Item {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

async function nameModels({ models }: PolicyContext): Promise<readonly PolicySpec[] | undefined> {
  const { l10n } = vscode;
  const endpoint = models.endpoint?.origin;
  const typed = await vscode.window.showInputBox({
    title: l10n.t('OpenAI-compatible model'),
    prompt:
      endpoint === undefined
        ? l10n.t('Its name as the endpoint knows it. The endpoint is set by annsmith.model.baseUrl.')
        : l10n.t(
            'Its name as {0} knows it; several with commas. Another endpoint: annsmith.model.baseUrl.',
            endpoint,
          ),
    placeHolder: 'gpt-5, qwen2.5-coder:32b',
    ignoreFocusOut: true,
    validateInput: (text) =>
      modelsNamed(text) === undefined
        ? l10n.t('A name without spaces, such as qwen2.5-coder:32b.')
        : undefined,
  });
  return typed === undefined ? undefined : modelsNamed(typed);
}
