import type { DatasetInfo } from '../protocol/dataset.ts';
import type { Localize } from './localize.ts';

/** What is asked before a run. */
export interface RunChoice {
  readonly dataset: string;
  /** One, or several with commas. */
  readonly policy: string;
  /** Null: as long as it takes. */
  readonly budgetMinutes: number | null;
}

/** A choice with the settings under which it was made. */
export interface RememberedChoice {
  readonly choice: RunChoice;
  readonly settings: RunChoice;
}

export interface ChoiceItem<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly value: T;
}

/** What is preselected: the last choice, except where its setting was changed since; then the settings. */
export function startingChoice(
  settings: RunChoice,
  remembered: RememberedChoice | undefined,
  manifestDatasets: readonly string[],
): RunChoice {
  const last = <K extends keyof RunChoice>(key: K): RunChoice[K] =>
    remembered !== undefined && remembered.settings[key] === settings[key]
      ? remembered.choice[key]
      : settings[key];
  const dataset = last('dataset');
  return {
    dataset: dataset === '' ? (manifestDatasets[0] ?? '') : dataset,
    policy: last('policy'),
    budgetMinutes: last('budgetMinutes'),
  };
}

/** The manifest's datasets first, then the chosen one, then what else is ready on this machine, then the rest. */
export function datasetItems(
  chosen: string,
  manifestDatasets: readonly string[],
  known: readonly DatasetInfo[],
  l10n: Localize,
): ChoiceItem<string>[] {
  const ready = known.filter(({ state }) => state === 'ready').map(({ name }) => name);
  const rest = known.map(({ name }) => name);
  const names = [...new Set([...manifestDatasets, chosen, ...ready, ...rest])].filter((name) => name !== '');
  return names.map((name) => {
    const info = known.find((dataset) => dataset.name === name);
    return {
      label: name,
      description: describe(name, info, l10n),
      ...(info?.note === undefined ? {} : { detail: info.note }),
      value: name,
    };
  });
}

function describe(name: string, info: DatasetInfo | undefined, l10n: Localize): string {
  if (info === undefined) {
    return name.startsWith('synthetic-') ? l10n.t('made on demand') : l10n.t('not known on this machine');
  }
  const size = l10n.t('{0} x {1}, {2}', info.n.toLocaleString('en-US'), info.dim, info.metric);
  switch (info.state) {
    case 'ready':
      return l10n.t('{0} · ready', size);
    case 'partial':
      return l10n.t('{0} · partly there, the rest is fetched first', size);
    case 'absent':
      return l10n.t('{0} · fetched first', size);
  }
}

const customaryMinutes = [2, 5, 15, 30, 60, 240] as const;

export function budgetItems(chosen: number | null, l10n: Localize): ChoiceItem<number | null>[] {
  const minutes = [...new Set<number>([...customaryMinutes, ...(chosen === null ? [] : [chosen])])];
  const limited = minutes
    .toSorted((a, b) => a - b)
    .map((value) => ({ label: l10n.t('{0} minutes', value), value }));
  return [
    ...limited,
    {
      label: l10n.t('As long as it takes'),
      description: l10n.t('every candidate is timed until its gain is clear'),
      value: null,
    },
  ];
}

/** A budget that was typed instead of chosen; undefined for what is no number of minutes. */
export function typedBudget(text: string, l10n: Localize): ChoiceItem<number> | undefined {
  const match = /^\s*(\d{1,5}(?:\.\d+)?)\s*(?:m|min|minutes?)?\s*$/i.exec(text);
  const value = match === null ? 0 : Number(match[1]);
  return value > 0 ? { label: l10n.t('{0} minutes', value), value } : undefined;
}

/** A synthetic set that was typed instead of chosen. */
export function typedDataset(text: string, l10n: Localize): ChoiceItem<string> | undefined {
  const name = text.trim();
  return /^synthetic-[a-z]+:\S+$/.test(name)
    ? { label: name, description: l10n.t('made on demand'), value: name }
    : undefined;
}
