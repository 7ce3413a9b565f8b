import { createHash } from 'node:crypto';
import { type LedgerRecord, type RecordOf, recordsOf } from '../protocol/ledger.ts';
import type { Rewarded } from '../protocol/rewards.ts';
import { externalPolicy } from './externalPolicy.ts';
import { type MeasuringSetting, settingKey } from './measuringSetting.ts';

/** Identifies what is judged: the same text for the same module. */
export function completionHash(module: string, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([module, text]))
    .digest('hex');
}

/** A verdict in the words of the reward endpoint. */
export function verdictTold(
  verdict: RecordOf<'judgement'>['verdict'],
): Pick<Rewarded, 'verdict' | 'check' | 'detail'> {
  if (verdict.kind === 'rejected') {
    return { verdict: verdict.reason, check: verdict.check, detail: verdict.detail };
  }
  return { verdict: verdict.kind, check: null, detail: verdict.kind === 'failed' ? verdict.error : '' };
}

/**
 * By hash: what the ledger knows of completions of this very code, measured in the same setting, from earlier servers and
 * from runs of language models. Programs of the playbook are no completions: the same text would be read otherwise.
 */
export function judgedBefore(
  records: readonly LedgerRecord[],
  baseHash: string,
  setting: MeasuringSetting,
): ReadonlyMap<string, Omit<Rewarded, 'id'>> {
  const same = settingKey(setting);
  const runs = new Map(
    recordsOf(records, 'run')
      .filter((run) => same !== undefined && settingKey(run) === same)
      .map((run) => [run.runId, run]),
  );
  const groups = new Map(
    recordsOf(records, 'group')
      .filter((group) => group.baseHash === baseHash)
      .map((group) => [`${group.runId}/${group.groupId}`, group]),
  );
  const completions = new Map(
    recordsOf(records, 'completion').map((record) => [`${record.runId}/${record.candidateId}`, record]),
  );
  const known = new Map<string, Omit<Rewarded, 'id'>>();
  for (const { runId, groupId, candidateId, verdict, reward, gain } of recordsOf(records, 'judgement')) {
    const run = runs.get(runId);
    const group = groups.get(`${runId}/${groupId}`);
    const completion = completions.get(`${runId}/${candidateId}`);
    if (run === undefined || group === undefined || completion === undefined || reward === null) continue;
    if (!isReadAlike(run, completion)) continue;
    const hash = completionHash(group.module, completion.text);
    known.set(hash, { hash, reward: reward.shaped, gain, ...verdictTold(verdict) });
  }
  return known;
}

/** Whether its text alone led to its reward, in the way in which the endpoint reads texts. */
function isReadAlike({ policy }: RecordOf<'run'>, { answer }: RecordOf<'completion'>): boolean {
  if (policy.id === externalPolicy.id) return true;
  // What was repaired was judged by another text than its own, and what broke off was not read at all.
  return answer !== undefined && answer.repaired === undefined && answer.finish === 'stop';
}
