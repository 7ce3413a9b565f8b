import { join } from 'node:path';
import { isProcessLocked } from '../../engine/processLock.ts';
import type { CandidateStory, ModuleStory, RunStory } from '../../engine/reporting/runStory.ts';
import type { CandidateView, GroupView, RunView } from '../../protocol/engine.ts';
import type { LedgerRecord } from '../../protocol/ledger.ts';
import type { SpeedupAt } from '../../protocol/measurement.ts';
import { type TokenUsage, usageOf } from '../../protocol/model.ts';
import type { Verdict } from '../../protocol/verdict.ts';
import { storiesOf } from './stories.ts';

/** Every run of a workspace's ledger, newest first. */
export function runViews(root: string, records: readonly LedgerRecord[]): Promise<RunView[]> {
  return Promise.all(storiesOf(records).map((story) => runView(root, story)));
}

async function runView(root: string, story: RunStory): Promise<RunView> {
  const { run, forTraining, total, end, modules } = story;
  return {
    id: run.runId,
    at: run.at,
    modules: run.modules,
    datasets: run.datasets.filter(({ heldOut }) => !heldOut).map(({ name }) => name),
    policy: run.policy.id,
    policyVersion: run.policy.version,
    forTraining,
    status: await statusOf(root, story),
    error: end?.error ?? null,
    gain: total?.gain ?? null,
    speedup: (total?.trials[0]?.comparison.speedupAt ?? []) as readonly SpeedupAt[],
    applied: end?.applied ?? false,
    usage: usedBy(modules),
    groups: modules.flatMap(groupViews),
  };
}

/** Null where no model was asked. */
function usedBy(modules: readonly ModuleStory[]): TokenUsage | null {
  const answers = modules.flatMap(({ candidates }) =>
    candidates.flatMap(({ completion: { answer } }) => answer ?? []),
  );
  return answers.length === 0 ? null : usageOf(answers);
}

/** Where a run is going on its folder is locked, in whichever process that is. */
export async function statusOf(
  root: string,
  { run, status }: Pick<RunStory, 'run' | 'status'>,
): Promise<RunView['status']> {
  if (status !== 'unfinished') return status;
  return (await isProcessLocked(join(root, '.annsmith', 'runs', run.runId))) ? 'active' : 'unfinished';
}

function groupViews({ module, groups, candidates }: ModuleStory): GroupView[] {
  return groups.map(({ groupId, round }) => ({
    id: groupId,
    module,
    round,
    candidates: candidates
      .filter(({ group }) => group.groupId === groupId)
      .map((candidate) => candidateView(candidate)),
  }));
}

function candidateView({
  id,
  group,
  completion,
  judgement,
  confirmation,
  won,
}: CandidateStory): CandidateView {
  return {
    id,
    module: group.module,
    summary: oneLine(completion.text),
    verdict: (judgement?.verdict as Verdict | undefined) ?? null,
    reward: judgement?.reward?.shaped ?? null,
    gain: judgement?.gain ?? null,
    confirmed: confirmation?.confirmed ?? null,
    won,
    hasPatch: completion.patch !== null,
  };
}

const longestSummary = 200;

export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= longestSummary ? line : `${line.slice(0, longestSummary - 1)}\u2026`;
}
