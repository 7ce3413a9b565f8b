import { type GrpoRequest, grpoRounds } from '../../../src/engine/grpoRounds.ts';
import type { SampleGroups, SamplePlan } from '../../../src/engine/grpoSampling.ts';
import { PolicyStore } from '../../../src/engine/policyStore.ts';
import type { Services } from '../../../src/engine/ports.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import type { GrpoReport } from '../../../src/protocol/grpo.ts';
import { clock, logRun, madeUpReward } from './loggedRuns.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const services: Services = {
  clock,
  processes: createProcessRunner(),
  logger: silent,
  reporter: { progress: () => {} },
};

export function storeIn(folder: string): PolicyStore {
  return new PolicyStore(clock, folder);
}

/** Samples with the version asked for; rewards are made up instead of measured. */
export function madeUpSampling(
  root: string,
  store: PolicyStore,
  {
    reward = madeUpReward,
    baseHash,
    onPlan = () => {},
  }: {
    readonly reward?: (tokenIds: readonly number[], plan: SamplePlan) => number;
    readonly baseHash?: string;
    readonly onPlan?: (plan: SamplePlan, runId: string) => void | Promise<void>;
  } = {},
): SampleGroups {
  return async (plan) => {
    const { version, modules, groups, group, seed } = plan;
    const runId = plan.resume ?? `run-${seed}`;
    plan.onRun(runId);
    await onPlan(plan, runId);
    const network = store.trained(version)?.network;
    const rewarded = (tokenIds: readonly number[]): number => reward(tokenIds, plan);
    const code = baseHash === undefined ? {} : { baseHash };
    await logRun({ root, runId, version, network, modules, groups, group, seed, reward: rewarded, ...code });
    return runId;
  };
}

export function rounds(
  root: string,
  store: PolicyStore,
  changes: Partial<GrpoRequest> = {},
): Promise<GrpoReport> {
  return grpoRounds({
    root,
    workspace: 'w',
    store,
    services,
    signal: new AbortController().signal,
    sample: madeUpSampling(root, store),
    mode: 'online',
    rounds: 1,
    modules: undefined,
    defaultModules: ['search'],
    datasets: [],
    group: 8,
    groups: 2,
    seed: 1,
    budgetSeconds: undefined,
    promote: 'auto',
    ...changes,
  });
}
