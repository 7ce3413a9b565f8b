import * as vscode from 'vscode';
import * as z from 'zod';
import { defaultModelSettings, type ModelSettings, modelSettingsSchema } from '../protocol/model.ts';
import type { ServerSettings } from './engine/serverEnvironment.ts';
import { settings } from './ids.ts';

/** The only reader of the configuration. A value of the wrong kind counts as its default. */

export interface RunSettings {
  /** Empty: the manifest's first. */
  readonly dataset: string;
  /** As the setting has it, whether or not it names policies. */
  readonly policy: string;
  readonly group: number;
  readonly rounds: number;
  /** Null: as long as it takes. */
  readonly budgetMinutes: number | null;
  readonly model: ModelSettings;
}

function read<T>(key: keyof typeof settings, schema: z.ZodType<T>, scope?: vscode.Uri): T {
  return schema.parse(vscode.workspace.getConfiguration(undefined, scope).get<unknown>(settings[key]));
}

const text = z.string().catch('');

export function runSettings(scope: vscode.Uri): RunSettings {
  return {
    dataset: read('dataset', text, scope).trim(),
    policy: read('policy', text, scope).trim() || 'playbook',
    group: read('groupSize', z.int().min(2).max(64).catch(8), scope),
    rounds: read('rounds', z.int().min(1).max(100).catch(1), scope),
    budgetMinutes: read('budgetMinutes', z.number().positive().nullable().catch(15), scope),
    model: modelSettings(scope),
  };
}

/** Where OpenAI-compatible models are: the machine's, the same for every folder; null where it is not set. */
export function modelBaseUrl(): string | null {
  return read('modelBaseUrl', text).trim() || null;
}

/**
 * How language models are asked. An address that is none stays as it is, for the server to refuse: what is sent must not
 * go to another one instead.
 */
export function modelSettings(scope: vscode.Uri): ModelSettings {
  const { temperature, maxTokens, promptTokens, tokenBudget, costBudget, pricePerMillion, headers } =
    modelSettingsSchema.shape;
  const fallback = defaultModelSettings;
  return {
    baseUrl: modelBaseUrl(),
    headers: read('modelHeaders', headers.catch(fallback.headers)),
    temperature: read('modelTemperature', temperature.catch(fallback.temperature), scope),
    maxTokens: read('modelMaxTokens', maxTokens.catch(fallback.maxTokens), scope),
    promptTokens: read('modelPromptTokens', promptTokens.catch(fallback.promptTokens), scope),
    tokenBudget: read('modelTokenBudget', tokenBudget.catch(null), scope),
    costBudget: read('modelCostBudget', costBudget.catch(null), scope),
    pricePerMillion: read('modelPricePerMillion', pricePerMillion.catch(null), scope),
  };
}

/** Makes a dataset the one that runs of the folder are measured on. */
export async function useDataset(scope: vscode.Uri, dataset: string): Promise<void> {
  await vscode.workspace.getConfiguration(undefined, scope).update(settings.dataset, dataset);
}

/** Makes policies those of a folder's runs. */
export async function usePolicy(scope: vscode.Uri, policy: string): Promise<void> {
  await vscode.workspace.getConfiguration(undefined, scope).update(settings.policy, policy);
}

export function benchmarkSeconds(scope: vscode.Uri): number {
  return read('benchmarkSeconds', z.number().min(1).max(3600).catch(20), scope);
}

export function serverSettings(): ServerSettings {
  return { compiler: read('compiler', text).trim(), cacheFolder: read('cacheFolder', text).trim() };
}

export function traceSetting(): 'off' | 'messages' | 'verbose' {
  return read('trace', z.enum(['off', 'messages', 'verbose']).catch('off'));
}

/** Calls back when one of the settings has changed, anywhere. */
export function onSettingChange(
  keys: keyof typeof settings | readonly (keyof typeof settings)[],
  changed: () => void,
): vscode.Disposable {
  const all = typeof keys === 'string' ? [keys] : keys;
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (all.some((key) => event.affectsConfiguration(settings[key]))) changed();
  });
}
