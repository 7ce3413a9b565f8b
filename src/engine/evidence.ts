import { type LedgerRecord, recordsOf } from '../protocol/ledger.ts';
import { windowFor } from '../protocol/manifest.ts';
import type { CurvePoint } from '../protocol/measurement.ts';
import { addUsage, noUsage } from '../protocol/model.ts';
import type { Evidence, FileTexts, GroupOutcome, PastCandidate } from '../protocol/policy.ts';
import type { RejectionReason, Verdict } from '../protocol/verdict.ts';
import { applyPatch } from './candidate/patch.ts';
import type { CascadeContext } from './cascadeContext.ts';

/** What has been measured of a module: the code as it stands, and candidates of this run and of earlier ones. */
export function evidenceOf(
  { module, state, whole }: Pick<CascadeContext, 'module' | 'state' | 'whole'>,
  { runId, records }: { readonly runId: string; readonly records: readonly LedgerRecord[] },
): Evidence {
  const { dataset, profile } = whole[0]!;
  const { manifest, files } = state.workspace;
  return {
    dataset: dataset.name,
    window: windowFor(manifest, dataset.name),
    reference: measuredCurve(records, { hash: state.sourceHash, dataset: dataset.name }) ?? [
      ...profile.points.map(
        ({ ef, recall, secondsPerQuery }): CurvePoint => ({
          ef,
          recall,
          secondsPerQuery,
          qps: 1 / secondsPerQuery,
        }),
      ),
    ],
    past: pastCandidates(records, {
      module,
      runId,
      files,
      hash: state.sourceHash,
      dataset: dataset.name,
    }),
  };
}

/** The newest curve of a code state on a dataset, where it was measured by itself. */
export function measuredCurve(
  records: readonly LedgerRecord[],
  { hash, dataset }: { readonly hash: string; readonly dataset: string },
): readonly CurvePoint[] | undefined {
  return recordsOf(records, 'measurement').findLast(
    (record) => record.workspace.hash === hash && record.dataset.name === dataset,
  )?.points;
}

/** What came of a run's groups so far, in order. */
export function groupOutcomes(records: readonly LedgerRecord[], runId: string): GroupOutcome[] {
  const own = records.filter((record) => record.runId === runId);
  const ends = new Map(recordsOf(own, 'group-end').map((end) => [end.groupId, end]));
  return recordsOf(own, 'group').flatMap(({ groupId, policy, seconds = 0 }) => {
    const end = ends.get(groupId);
    if (end === undefined) return [];
    const { cost } = recordsOf(own, 'completion')
      .filter((completion) => completion.groupId === groupId)
      .flatMap(({ answer }) => answer?.usage ?? [])
      .reduce(addUsage, noUsage);
    return [{ policy: policy.id, rewards: Object.values(end.rewards), seconds, cost }];
  });
}

interface Wanted {
  readonly module: string;
  readonly runId: string;
  readonly files: FileTexts;
  /** Of the code as it stands: what was measured beside other code has no score here. */
  readonly hash: string;
  readonly dataset: string;
}

/** Rejected for what was measured: beside other code, or on other data, it may be otherwise. */
const measuredReasons: ReadonlySet<RejectionReason> = new Set([
  'timeout',
  'memory',
  'recall',
  'build-cost',
  'slower',
  'not-confirmed',
]);

/**
 * Judged candidates of a module, in the order of the ledger; each patch once, as it was judged last: what was measured,
 * beside this code and on this dataset alone.
 */
export function pastCandidates(
  records: readonly LedgerRecord[],
  { module, runId, files, hash, dataset }: Wanted,
): PastCandidate[] {
  const groups = new Map(
    recordsOf(records, 'group')
      .filter((group) => group.module === module)
      .map((group) => [`${group.runId}/${group.groupId}`, group]),
  );
  const completions = new Map(
    recordsOf(records, 'completion').map((record) => [`${record.runId}/${record.candidateId}`, record]),
  );
  const runsHere = new Set(
    recordsOf(records, 'run')
      .filter(({ datasets }) => datasets.some(({ name, heldOut }) => name === dataset && !heldOut))
      .map((run) => run.runId),
  );
  const past = new Map<string, PastCandidate>();
  for (const judged of recordsOf(records, 'judgement')) {
    const id = `${judged.runId}/${judged.candidateId}`;
    const group = groups.get(`${judged.runId}/${judged.groupId}`);
    const completion = completions.get(id);
    const { verdict } = judged;
    if (group === undefined || completion === undefined || judged.sameAs !== undefined) continue;
    if (verdict.kind !== 'accepted' && verdict.kind !== 'rejected') continue;
    const { patch, patchHash } = completion;
    const applies = patch !== null && applyPatch(files, patch).kind === 'applied';
    // A candidate of other code says nothing of this one, unless its patch still fits.
    if (patch !== null && !applies) continue;
    const trial = judged.trials.findLast((t) => t.dataset === dataset && t.comparison !== null);
    const measuredHere = group.baseHash === hash && trial !== undefined;
    if (verdict.kind === 'accepted' && !measuredHere) continue;
    const isHere = group.baseHash === hash && runsHere.has(judged.runId);
    if (verdict.kind === 'rejected' && measuredReasons.has(verdict.reason) && !isHere) continue;
    const key = patchHash ?? id;
    past.delete(key);
    past.set(key, {
      id,
      run: judged.runId,
      round: judged.runId === runId ? group.round : 0,
      policy: group.policy.id,
      text: completion.text,
      patch,
      verdict: verdict as Verdict,
      gain: measuredHere ? (trial.comparison?.logRatio ?? null) : null,
      reward: judged.reward?.shaped ?? null,
      points: measuredHere ? (trial.comparison?.candidate ?? []) : [],
    });
  }
  return [...past.values()];
}
