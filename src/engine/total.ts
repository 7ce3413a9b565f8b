import type { BuildCosts } from '../protocol/costs.ts';
import type { FinalTrial } from '../protocol/ledger.ts';
import type { Estimate } from '../protocol/measurement.ts';
import type { FileTexts } from '../protocol/policy.ts';
import { type Baseline, baselineOn, indexOn, sideOn } from './baseline.ts';
import { type BuiltGraph, graphOf } from './builtIndex.ts';
import { changedFiles, patchHash, unifiedDiff } from './candidate/patch.ts';
import type { CodeState } from './codeState.ts';
import { confirmedFrom, confirmOn } from './confirmation.ts';
import { overBudget } from './gates.ts';
import type { Journal } from './journal.ts';
import type { ModuleResult } from './moduleRun.ts';
import type { RunContext } from './runContext.ts';
import type { RunPlan } from './runLog.ts';

/** All modules together over the workspace as saved. */
export interface Total {
  readonly gain: Estimate;
  readonly trials: readonly FinalTrial[];
  readonly patch: string;
  readonly patchHash: string;
  readonly files: FileTexts;
}

export interface TotalInput {
  readonly run: RunContext;
  readonly journal: Journal;
  readonly plan: RunPlan;
  readonly original: readonly Baseline[];
  readonly final: { readonly state: CodeState; readonly whole: readonly Baseline[] };
  readonly winners: readonly ModuleResult[];
}

/**
 * Measures the final state against the workspace as saved: fresh processes, another seed, held-out queries, its own
 * graph where several modules or construction have changed; held-out datasets too. Undefined when there is no winner,
 * or when what is there together does not hold.
 */
export async function measureTotal(input: TotalInput): Promise<Total | undefined> {
  const { run, journal, plan, original, final, winners } = input;
  const won = winners.filter(({ winner }) => winner !== undefined);
  const base = original[0]!.state.workspace.files;
  const files = changedFiles(base, final.state.workspace.files);
  if (won.length === 0 || files.size === 0) return undefined;
  const patch = unifiedDiff(base, files);
  const hash = patchHash(base, files);
  const known = journal.all('total')[0];
  if (known !== undefined) return { gain: known.gain, trials: known.trials, patch, patchHash: hash, files };

  const [only] = won;
  const asConfirmed = only!.minimised?.patchHash === only!.winner?.patchHash;
  const claim = { value: 1, low: 0, high: 2 };
  const trials =
    won.length === 1 && asConfirmed && only!.confirmation !== undefined
      ? [...only!.confirmation.trials]
      : await trialsOn(input, original, false, claim);
  const heldOut = await heldOutTrials(input, claim);
  if (trials === undefined || heldOut === undefined) return undefined;
  const { gain, confirmed } = confirmedFrom(trials, claim, plan.aggregate);
  const dear = tooDear(original, trials);
  if (!confirmed || dear !== undefined) {
    run.services.logger.warn(
      dear === undefined
        ? 'the modules together are not confirmed to be faster; nothing is proposed'
        : `the modules together are too dear: ${dear}; nothing is proposed`,
    );
    return undefined;
  }
  const all = [...trials, ...heldOut];
  await journal.append({ type: 'total', gain, trials: all, patch, patchHash: hash });
  return { gain, trials: all, patch, patchHash: hash, files };
}

/** Own graphs where the code that builds them has changed. */
async function finalGraph({ run, final, winners }: TotalInput, baseline: Baseline): Promise<BuiltGraph> {
  const won = winners.filter(({ winner }) => winner !== undefined);
  const shared = won.length === 1 && won[0]!.report.module !== 'construction';
  return shared ? baseline : graphOf(run, final.state, baseline.dataset);
}

async function trialsOn(
  input: TotalInput,
  baselines: readonly Baseline[],
  heldOut: boolean,
  claim: Estimate,
): Promise<FinalTrial[] | undefined> {
  const { run, plan, final } = input;
  const trials: FinalTrial[] = [];
  for (const baseline of baselines) {
    run.services.reporter.progress({
      stage: 'total',
      message: `everything together on ${baseline.dataset.name}`,
    });
    const { graph, costs } = await finalGraph(input, baseline);
    const trial = await confirmOn(run, {
      baseline,
      candidate: await sideOn(run, baseline, `${final.state.name}-total`, final.state.library, graph),
      profile: undefined,
      buildCpuSeconds: costs.buildCpuSeconds,
      claim,
      heldOut,
      seed: plan.seed + 2,
    });
    if (trial === undefined) return undefined;
    trials.push(trial);
  }
  return trials;
}

async function heldOutTrials(input: TotalInput, claim: Estimate): Promise<FinalTrial[] | undefined> {
  const { run, plan, original } = input;
  const baselines: Baseline[] = [];
  for (const dataset of plan.heldOut) {
    baselines.push(await baselineOn(run, await indexOn(run, original[0]!.state, dataset), plan.seed));
  }
  return trialsOn(input, baselines, true, claim);
}

function tooDear(original: readonly Baseline[], trials: readonly FinalTrial[]): string | undefined {
  const { budgets } = original[0]!.state.workspace.manifest;
  for (const { dataset, costs } of trials) {
    const verdict = overBudget(budgets, costs.candidate, costs.reference satisfies BuildCosts);
    if (verdict?.kind === 'rejected') return `${dataset}: ${verdict.detail}`;
  }
  return undefined;
}
