import * as vscode from 'vscode';
import * as z from 'zod';
import type { ServerSettings } from './engine/serverEnvironment.ts';
import { settings } from './ids.ts';

/** The only reader of the configuration. A value of the wrong kind counts as its default. */

export interface RunSettings {
  /** Empty: the manifest's first. */
  readonly dataset: string;
  readonly policy: 'playbook';
  readonly group: number;
  readonly rounds: number;
  /** Null: as long as it takes. */
  readonly budgetMinutes: number | null;
}

function read<T>(key: keyof typeof settings, schema: z.ZodType<T>, scope?: vscode.Uri): T {
  return schema.parse(vscode.workspace.getConfiguration(undefined, scope).get<unknown>(settings[key]));
}

const text = z.string().catch('');

export function runSettings(scope: vscode.Uri): RunSettings {
  return {
    dataset: read('dataset', text, scope).trim(),
    policy: read('policy', z.enum(['playbook']).catch('playbook'), scope),
    group: read('groupSize', z.int().min(2).max(64).catch(8), scope),
    rounds: read('rounds', z.int().min(1).max(100).catch(1), scope),
    budgetMinutes: read('budgetMinutes', z.number().positive().nullable().catch(15), scope),
  };
}

/** Makes a dataset the one that runs of the folder are measured on. */
export async function useDataset(scope: vscode.Uri, dataset: string): Promise<void> {
  await vscode.workspace.getConfiguration(undefined, scope).update(settings.dataset, dataset);
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
