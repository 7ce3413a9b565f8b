import type { PreparedDataset } from '../protocol/dataset.ts';
import { windowFor } from '../protocol/manifest.ts';
import type { Comparison } from '../protocol/measurement.ts';
import type { Region } from '../protocol/module.ts';
import { baselineOn, indexOn, measurementContext, referenceSide, sideOn } from './baseline.ts';
import { measureResident, screen } from './benchmark/compare.ts';
import { type MeasuredCurve, measureCurve } from './benchmark/curveAlone.ts';
import { graphOf } from './builtIndex.ts';
import { editsOutsideModule, type LocateRegion } from './candidate/regionGate.ts';
import { compileState } from './codeState.ts';
import type { Workspace } from './module/workspace.ts';
import { type RunContext, referenceOutcome, withRunContext } from './runContext.ts';

export interface BenchRequest extends Pick<RunContext, 'services' | 'signal'> {
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
  readonly seconds: number;
  readonly seed: number;
}

/** The curve of the workspace as saved, by itself. */
export function benchWorkspace(request: BenchRequest): Promise<MeasuredCurve & { buildCpuSeconds: number }> {
  return withRunContext(request, async (run) => {
    const { workspace, dataset, seed, seconds, signal } = request;
    const indexed = await indexOn(run, await compileState(run, 'reference', workspace), dataset);
    const curve = await measureCurve({
      ...measurementContext(run, indexed, seed),
      side: await referenceSide(run, indexed),
      window: windowFor(workspace.manifest, dataset.name),
      ef: workspace.manifest.search.ef,
      budgetSeconds: seconds,
    });
    return { ...referenceOutcome(curve, signal), buildCpuSeconds: indexed.costs.buildCpuSeconds };
  });
}

export interface CompareRequest extends BenchRequest {
  /** What `workspace` is compared with: the base of the ratio. */
  readonly base: Workspace;
  readonly locate: LocateRegion;
}

export interface CompareResult {
  readonly comparison: Comparison;
  /** `shared`: only search and refinement differ, so both search the base's graph. */
  readonly graph: 'shared' | 'own';
  /** Of the graph that the workspace was searched on. */
  readonly buildCpuSeconds: number;
}

/** Measures the workspace against another state of it, together: both sides resident, intervals on the ratio. */
export function compareWorkspaces(request: CompareRequest): Promise<CompareResult> {
  return withRunContext(request, async (run) => {
    const { base, workspace, dataset, signal, seed, seconds, locate } = request;
    const reference = await compileState(run, 'reference', base);
    const candidate = await compileState(run, 'candidate', workspace);
    const baseline = await baselineOn(run, await indexOn(run, reference, dataset), seed);
    const shared = sharesGraph(base, workspace, locate);
    const { graph, costs } = shared ? baseline : await graphOf(run, candidate, dataset);
    const input = {
      ...measurementContext(run, baseline, seed),
      reference: await referenceSide(run, baseline),
      candidate: await sideOn(run, baseline, candidate.name, candidate.library, graph),
      profile: baseline.profile,
      recallTolerance: base.manifest.budgets.recallTolerance,
    };
    const screened = referenceOutcome(await screen({ ...input, budgetSeconds: seconds / 4 }), signal);
    const measured = await measureResident(
      { ...input, candidateProfile: screened.candidate, budgetSeconds: seconds },
      screened.comparison,
    );
    return {
      comparison: referenceOutcome(measured, signal).comparison,
      graph: shared ? 'shared' : 'own',
      buildCpuSeconds: costs.buildCpuSeconds,
    };
  });
}

/** True when the two differ at most inside their search and refinement regions and in nothing that shapes the graph. */
function sharesGraph(base: Workspace, other: Workspace, locate: LocateRegion): boolean {
  const sameIndex =
    JSON.stringify([base.manifest.index, base.manifest.build]) ===
    JSON.stringify([other.manifest.index, other.manifest.build]);
  const sameFiles = [...base.files.keys()].every((path) => other.files.has(path));
  const regions = outermost([...base.regions.search, ...base.regions.refinement]);
  return (
    sameIndex &&
    sameFiles &&
    editsOutsideModule({ before: base.files, after: other.files, regions, locate }).length === 0
  );
}

/** Regions without those that another one holds: two modules may share code. */
function outermost(regions: readonly Region[]): Region[] {
  return regions.filter(
    (inner, i) =>
      !regions.some(
        (outer, j) =>
          outer.file === inner.file &&
          outer.start <= inner.start &&
          inner.end <= outer.end &&
          (j < i || outer.start < inner.start || inner.end < outer.end),
      ),
  );
}
