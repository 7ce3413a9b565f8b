import type { RecordOf } from '../protocol/ledger.ts';

/** What decides a measurement and its verdict beside the code: how it was measured, on what, where, and within which limits. */
export type MeasuringSetting = Pick<
  RecordOf<'run'>,
  'datasets' | 'aggregate' | 'machine' | 'index' | 'k' | 'limits'
>;

/** Equal for settings whose rewards may be compared; undefined where the ledger does not say enough of one. */
export function settingKey({
  datasets,
  aggregate,
  machine,
  index,
  k,
  limits,
}: MeasuringSetting): string | undefined {
  if (limits === undefined) return undefined;
  const judged = datasets.filter(({ heldOut }) => !heldOut);
  const measuredOn = judged.map(({ name, fingerprint, window }) => [name, fingerprint, window]);
  const { M, efConstruction, seed } = index;
  return JSON.stringify([measuredOn, aggregate, machine['id'], M, efConstruction, seed, k, limits]);
}
