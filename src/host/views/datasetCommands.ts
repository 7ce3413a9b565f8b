import { l10n, type QuickPickItem, type Uri, window } from 'vscode';
import { type MetricName, metricNames } from '../../protocol/dataset.ts';
import type { CommandTarget, FeatureContext } from '../feature.ts';
import type { DatasetWork } from './datasetWork.ts';
import { nameProblem, suggestedName } from './model/datasetName.ts';
import { isSynthetic, shapeText } from './model/datasets.ts';

type Context = Pick<FeatureContext, 'engine' | 'store'>;

/** What `openVectors` of the engine reads, and the HDF5 files of ann-benchmarks. */
const vectorFiles = ['npy', 'fvecs', 'fbin', 'u8bin', 'i8bin', 'idx', 'gz', 'hdf5', 'h5'];

/** Fetches the dataset, or one that the user picks or names. */
export async function getDataset(context: Context, work: DatasetWork, target: CommandTarget): Promise<void> {
  const name = target.dataset ?? (await pickAbsent(context));
  if (name !== undefined) await work.get(name);
}

async function pickAbsent({ engine }: Context): Promise<string | undefined> {
  interface Item extends QuickPickItem {
    readonly choose: () => PromiseLike<string | undefined> | string;
  }
  const { datasets, synthetic } = await engine.request('annsmith/datasets', {});
  const absent = datasets
    .filter(({ state }) => state !== 'ready')
    .map((info): Item => ({ label: info.name, description: shapeText(info), choose: () => info.name }));
  const seeded = synthetic.map(
    ({ kind, about, example }): Item => ({
      label: l10n.t('Seeded set: {0}', kind),
      description: about,
      choose: () => nameSeeded(example),
    }),
  );
  const picked = await window.showQuickPick([...absent, ...seeded], {
    title: l10n.t('Get Dataset'),
    placeHolder: l10n.t('What is fetched or made stays on this machine'),
    matchOnDescription: true,
  });
  return await picked?.choose();
}

function nameSeeded(example: string): PromiseLike<string | undefined> {
  return window.showInputBox({
    title: l10n.t('Get Dataset'),
    prompt: l10n.t('Size, dimension and seed of the set (k: thousands, m: millions)'),
    value: example,
    validateInput: (value) =>
      isSynthetic(value) ? undefined : l10n.t('A seeded set is named like {0}', example),
  });
}

/** Asks for files, metric and name, and imports them. Nothing is asked where a step is dismissed. */
export async function importDataset({ engine, store }: Context, work: DatasetWork): Promise<void> {
  const base = await pickFile(l10n.t('Base Vectors'));
  if (base === undefined) return;
  const queries = await pickQueries();
  if (queries === undefined) return;
  const metric = await pickMetric();
  if (metric === undefined) return;
  const { datasets } =
    store.datasets === undefined
      ? await engine.request('annsmith/datasets', {})
      : { datasets: store.datasets };
  const taken = datasets.map(({ name }) => name);
  const name = await window.showInputBox({
    title: step(4),
    prompt: l10n.t('Name of the dataset'),
    value: suggestedName(base.fsPath),
    validateInput: (value) => nameProblem(value, taken, l10n),
  });
  if (name === undefined) return;
  await work.import({
    name,
    base: base.fsPath,
    ...(queries === 'of-base' ? {} : { queries: queries.fsPath }),
    metric,
  });
}

const steps = 4;

function step(number: number): string {
  return l10n.t('Import Dataset ({0}/{1})', number, steps);
}

async function pickFile(label: string): Promise<Uri | undefined> {
  const picked = await window.showOpenDialog({
    title: label,
    openLabel: l10n.t('Import'),
    filters: { [l10n.t('Vectors')]: vectorFiles, [l10n.t('All Files')]: ['*'] },
  });
  return picked?.[0];
}

async function pickQueries(): Promise<Uri | 'of-base' | undefined> {
  const own = {
    label: l10n.t('From the base vectors'),
    detail: l10n.t('Those of an HDF5 file; else 1 % of the rows, at most 10,000, drawn by a fixed seed'),
  };
  const file = { label: l10n.t('From a file…'), detail: l10n.t('One vector per query') };
  const picked = await window.showQuickPick([own, file], { title: step(2), placeHolder: l10n.t('Queries') });
  if (picked === file) return await pickFile(l10n.t('Query Vectors'));
  return picked && 'of-base';
}

async function pickMetric(): Promise<MetricName | undefined> {
  const about: Readonly<Record<MetricName, string>> = {
    euclidean: l10n.t('Euclidean distance (L2)'),
    angular: l10n.t('Angle between vectors (cosine); they are stored with unit norm'),
    ip: l10n.t('Largest inner product'),
  };
  const items = metricNames.map((label) => ({ label, description: about[label] }));
  const picked = await window.showQuickPick(items, { title: step(3), placeHolder: l10n.t('Metric') });
  return picked?.label;
}
