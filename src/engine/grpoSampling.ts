import type { ModuleName } from '../protocol/module.ts';
import { optimize } from './optimizer.ts';
import { catalogue } from './policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from './policy/playbook/playbookPolicy.ts';
import type { PolicyStore } from './policyStore.ts';
import { type InputContext, runInputs } from './runInputs.ts';

/** Groups to be sampled by one version, and judged. */
export interface SamplePlan {
  readonly version: string;
  readonly modules: readonly [ModuleName, ...ModuleName[]];
  /** Empty: the manifest's first. */
  readonly datasets: readonly string[];
  readonly group: number;
  /** Per module. */
  readonly groups: number;
  readonly seed: number;
  /** Go on with this run. */
  readonly resume: string | undefined;
  /** Called once the run is in the ledger. */
  readonly onRun: (runId: string) => void;
}

/** Samples and judges groups; everything goes to the workspace's ledger. Gives the id of the run. */
export type SampleGroups = (plan: SamplePlan) => Promise<string>;

/** Groups from runs that are judged and rewarded as any other, without looking for a winner. */
export function sampleByRuns(
  root: string,
  store: PolicyStore,
  { services, signal, syntax }: InputContext,
): SampleGroups {
  return async ({ version, modules, datasets, group, groups, seed, resume, onRun }) => {
    const inputs = await runInputs({ root, datasets, heldOut: [] }, { services, signal, syntax });
    const { run } = await optimize({
      services,
      signal,
      ...inputs,
      policy: createPlaybookPolicy({ catalogue, syntax, trained: store.trained(version) }),
      modules,
      aggregate: 'geomean',
      group,
      rounds: groups,
      budgetSeconds: undefined,
      seed,
      apply: 'none',
      stopAfter: 'groups',
      onRun,
      ...(resume === undefined ? {} : { resume }),
    });
    return run;
  };
}
