import { type RunStory, runStory } from '../../engine/reporting/runStory.ts';
import type { LedgerRecord } from '../../protocol/ledger.ts';

/** The records of each run, in order; measurements are runs of their own without an opening. */
export function recordsByRun(records: readonly LedgerRecord[]): ReadonlyMap<string, LedgerRecord[]> {
  const runs = new Map<string, LedgerRecord[]>();
  for (const record of records) {
    const own = runs.get(record.runId);
    if (own === undefined) runs.set(record.runId, [record]);
    else own.push(record);
  }
  return runs;
}

/** Every run of a ledger, newest first. */
export function storiesOf(records: readonly LedgerRecord[]): RunStory[] {
  return [...recordsByRun(records)]
    .flatMap(([runId, own]) => runStory(own, runId) ?? [])
    .sort((a, b) => (a.run.at < b.run.at ? 1 : a.run.at > b.run.at ? -1 : 0));
}
