import type { PreparedDataset } from '../protocol/dataset.ts';
import type { Comparison } from '../protocol/measurement.ts';
import { measureResident, screen } from './benchmark/compare.ts';
import { type MeasuredCurve, measureCurve } from './benchmark/curveAlone.ts';
import { profileReference } from './benchmark/referenceProfile.ts';
import { buildIndex, sourceHash } from './builtIndex.ts';
import { cacheFolder } from './cacheFolder.ts';
import { editsOutsideModule, type LocateRegion } from './candidate/regionGate.ts';
import { UserError } from './errors.ts';
import type { Workspace } from './module/workspace.ts';
import {
  compileFiles,
  importSide,
  measurementContext,
  type RunContext,
  type RunSetup,
  referenceOutcome,
  withRunContext,
} from './runContext.ts';

export interface BenchRequest extends RunSetup {
  readonly seconds: number;
  readonly seed: number;
}

/** The curve of the workspace as saved, by itself. */
export function benchWorkspace(request: BenchRequest): Promise<MeasuredCurve & { buildCpuSeconds: number }> {
  return withRunContext(request, async (run) => {
    const { search } = request.workspace.manifest;
    const curve = await measureCurve({
      ...measurementContext(run, request.seed),
      side: await importSide(run, 'reference', run.reference.library, run.reference.graph),
      window: search.recallWindow,
      ef: search.ef,
      budgetSeconds: request.seconds,
    });
    return {
      ...referenceOutcome(curve, request.signal),
      buildCpuSeconds: run.reference.costs.buildCpuSeconds,
    };
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
}

/** Measures the workspace against another state of it, together: both sides resident, intervals on the ratio. */
export function compareWorkspaces(request: CompareRequest): Promise<CompareResult> {
  const { base, workspace, dataset, services, signal, seed, seconds } = request;
  return withRunContext({ services, signal, dataset, workspace: base }, async (run) => {
    const compiled = await compileFiles(
      { services, signal, workspace },
      `${run.scratch}/candidate`,
      new Map(),
      'none',
    );
    if (!compiled.ok) {
      throw new UserError(
        'does-not-compile',
        compiled.stderr.trim(),
        'The workspace must compile before it can be measured.',
      );
    }
    const shared = sharesGraph(base, workspace, request.locate);
    const graph = shared ? run.reference.graph : await ownGraph(run, workspace, dataset, compiled.library);
    const context = measurementContext(run, seed);
    const reference = await importSide(run, 'reference', run.reference.library, run.reference.graph);
    const { search, budgets } = base.manifest;
    const profile = referenceOutcome(
      await profileReference({ ...context, reference, window: search.recallWindow, ef: search.ef }),
      signal,
    );
    const input = {
      ...context,
      reference,
      candidate: await importSide(run, 'candidate', compiled.library, graph),
      profile,
      recallTolerance: budgets.recallTolerance,
    };
    const screened = referenceOutcome(await screen({ ...input, budgetSeconds: seconds / 4 }), signal);
    const measured = await measureResident(
      { ...input, candidateProfile: screened.candidate, budgetSeconds: seconds },
      screened.comparison,
    );
    return { comparison: referenceOutcome(measured, signal).comparison, graph: shared ? 'shared' : 'own' };
  });
}

/** True when the two differ at most inside their search and refinement regions and in nothing that shapes the graph. */
function sharesGraph(base: Workspace, other: Workspace, locate: LocateRegion): boolean {
  const sameIndex =
    JSON.stringify([base.manifest.index, base.manifest.build]) ===
    JSON.stringify([other.manifest.index, other.manifest.build]);
  const sameFiles = [...base.files.keys()].every((path) => other.files.has(path));
  const regions = [...base.regions.search, ...base.regions.refinement];
  return (
    sameIndex &&
    sameFiles &&
    editsOutsideModule({ before: base.files, after: other.files, regions, locate }).length === 0
  );
}

async function ownGraph(
  run: RunContext,
  workspace: Workspace,
  dataset: PreparedDataset,
  library: string,
): Promise<string> {
  const built = await buildIndex({
    services: run.services,
    manifest: workspace.manifest,
    dataset,
    library,
    sourceHash: sourceHash(workspace.files, workspace.manifest, run.compiler),
    cacheFolder: cacheFolder(),
    scratch: run.scratch,
    signal: run.signal,
  });
  return built.graph;
}
