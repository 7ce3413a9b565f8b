import type { BuildCosts } from '../protocol/costs.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { Aggregate } from '../protocol/optimize.ts';
import { type Baseline, baselineOn, indexOn } from './baseline.ts';
import { graphOf, keepGraph } from './builtIndex.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { type CascadeContext, gateKey, type SmallSet } from './cascadeContext.ts';
import { type CodeState, compileState, withFiles } from './codeState.ts';
import { headOfDataset } from './headOfDataset.ts';
import type { ModuleResult } from './moduleRun.ts';
import type { RunContext } from './runContext.ts';

/** Rows and queries of the cheap checks: a graph of several levels, small enough for sanitizers. */
const smallSize = { rows: 4000, queries: 200 };
/** Construction candidates are judged on a quarter of a dataset first, within these bounds. */
const headShare = 0.25;
const headRows = { least: 5000, most: 40_000 };

/** Where the run stands: code, and what it is measured with. */
export interface Stand {
  readonly state: CodeState;
  readonly small: readonly SmallSet[];
  readonly whole: readonly Baseline[];
}

/** What a stand is measured with. */
export interface StandPlan {
  readonly datasets: readonly PreparedDataset[];
  readonly seed: number;
  readonly aggregate: Aggregate;
  readonly locate: LocateRegion;
}

/** The workspace as saved: built once, its ef values placed, its chunk length found. */
export async function firstStand(request: StandPlan, run: RunContext, state: CodeState): Promise<Stand> {
  const small: SmallSet[] = [];
  const whole: Baseline[] = [];
  for (const dataset of request.datasets) {
    const head = await headOfDataset(run, dataset, smallSize);
    small.push({ dataset: head, graph: (await graphOf(run, state, head)).graph });
    whole.push(await baselineOn(run, await indexOn(run, state, dataset), request.seed));
  }
  return { state, small, whole };
}

/** The code after a module. Search and refinement go on with the graph that was there; construction has made its own. */
export async function nextStand(
  request: StandPlan,
  run: RunContext,
  before: Stand,
  { files, minimised }: ModuleResult,
  module: ModuleName,
  isLast: boolean,
): Promise<Stand> {
  const workspace = withFiles(before.state.workspace, files, request.locate);
  const state = await compileState(run, `${module}-winner`, workspace);
  const small: SmallSet[] = [];
  const whole: Baseline[] = [];
  for (const [i, baseline] of before.whole.entries()) {
    const { dataset } = baseline;
    const own = module === 'construction';
    const trial = minimised?.trials.find((t) => t.dataset === dataset.name && t.rows === dataset.n);
    if (own && trial?.graph !== undefined && trial.costs !== undefined) {
      await keepGraph(run, state, dataset, { graph: trial.graph, costs: trial.costs });
    }
    const head = before.small[i]!;
    small.push(own ? { ...head, graph: (await graphOf(run, state, head.dataset)).graph } : head);
    const indexed = await indexOn(run, state, dataset, own ? undefined : baseline);
    // After the last module nothing is measured against this state.
    whole.push(isLast ? { ...baseline, ...indexed } : await baselineOn(run, indexed, request.seed));
  }
  return { state, small, whole };
}

/** What the gates compare with: the costs of the workspace as saved. */
export function gateCostsOf(whole: readonly Baseline[]): Map<string, BuildCosts> {
  return new Map(
    whole.map(({ dataset, costs, profile }) => [
      gateKey(dataset.name, dataset.n),
      // What candidates are weighed by: an index that was loaded, not built, in its process.
      {
        ...costs,
        prepareCpuSeconds: profile.opened.prepareCpuSeconds,
        anonymousBytes: profile.opened.anonymousBytes,
      },
    ]),
  );
}

/** What candidates of a module are judged in. `onHeads`: first on the heads of the datasets, where they build graphs. */
export async function cascadeContext(
  request: StandPlan,
  run: RunContext,
  module: ModuleName,
  { state, small, whole }: Stand,
  gateCosts: ReadonlyMap<string, BuildCosts>,
  onHeads: boolean,
): Promise<Omit<CascadeContext, 'referenceReports' | 'deadline' | 'onJudged'>> {
  const { seed, aggregate, locate } = request;
  const first = onHeads ? await heads(run, state, whole, seed) : whole;
  return {
    run,
    module,
    state,
    locate,
    seed,
    aggregate,
    small,
    first,
    whole,
    gateCosts: new Map([...gateCosts, ...(onHeads ? gateCostsOf(first) : [])]),
  };
}

/** The heads of the datasets, as datasets of their own with their own baselines. */
async function heads(
  run: RunContext,
  state: CodeState,
  whole: readonly Baseline[],
  seed: number,
): Promise<readonly Baseline[]> {
  const made: Baseline[] = [];
  for (const baseline of whole) {
    const rows = headRowsOf(baseline.dataset);
    if (rows === baseline.dataset.n) {
      made.push(baseline);
      continue;
    }
    const head = await headOfDataset(run, baseline.dataset, { rows });
    made.push(await baselineOn(run, await indexOn(run, state, head), seed));
  }
  return made;
}

function headRowsOf({ n }: PreparedDataset): number {
  return Math.min(n, Math.max(headRows.least, Math.min(headRows.most, Math.round(n * headShare))));
}
