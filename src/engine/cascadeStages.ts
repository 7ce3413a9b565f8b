import { join } from 'node:path';
import type { CodeChange } from '../protocol/policy.ts';
import { type Baseline, memoryLimit, workFolder } from './baseline.ts';
import { measureResident, screen } from './benchmark/compare.ts';
import { buildGraph, costsOf, indexParams } from './builtIndex.ts';
import type { Sanitizers } from './candidate/compile.ts';
import { editsOutsideModule, regionCheck } from './candidate/regionGate.ts';
import { includeCheck, unsafeIncludes } from './candidate/unsafeInclude.ts';
import {
  buildsGraphs,
  type CascadeContext,
  compareInput,
  folderOf,
  gateKey,
  type SanitizedWork,
  type SmallSet,
} from './cascadeContext.ts';
import { buildFactor, overBudget, unmeasured } from './gates.ts';
import { type Candidate, gainOf, trialOn } from './judged.ts';
import { harnessPath } from './native.ts';
import { failureVerdict, rejected } from './rejection.ts';
import { compileFiles, libraryName } from './runContext.ts';
import { verifyCandidate } from './verify/verifyCandidate.ts';

/** Shares of the manifest's `budgets.candidateSeconds`. */
export const screenShare = 0.12;
export const residentShare = 0.27;
/** A gain over this factor gets every check twice. */
const doubleCheckFactor = 2;
const compileErrorsShown = 5;
/** Longer than this many times the reference's build is past any gate. */
const buildTimeoutFactor = 6;
const buildTimeoutFloorMs = 60_000;

type Work = (context: CascadeContext, candidate: Candidate) => Promise<void>;

/** The patch stays inside its module, includes nothing foreign, and compiles. */
export const applyAndCompile: Work = async (context, candidate) => {
  if (candidate.library !== undefined) return;
  const { run, module, state, locate } = context;
  const { workspace } = state;
  const outside = editsOutsideModule({
    before: workspace.files,
    after: candidate.files,
    regions: workspace.regions[module],
    locate,
  });
  if (outside.length > 0) {
    candidate.verdict = rejected('does-not-apply', regionCheck, outside.join('\n'));
    return;
  }
  const escapes = unsafeIncludes(workspace.files, candidate.files, workspace.manifest.build.includeDirs);
  if (escapes.length > 0) {
    candidate.verdict = rejected('cheat', includeCheck, escapes.join('\n'));
    return;
  }
  const compiled = await compileFiles(run, workspace, folderOf(context, candidate), candidate.files, 'none');
  if (compiled.ok) {
    candidate.library = compiled.library;
    candidate.checks.push({ name: 'compiles', ok: true, detail: `${compiled.seconds.toFixed(1)} s` });
  } else candidate.verdict = rejected('does-not-compile', 'compiles', compileDetail(compiled));
};

function compileDetail(result: Extract<Awaited<ReturnType<typeof compileFiles>>, { ok: false }>): string {
  if (result.reason !== 'errors')
    return `the compiler ended by ${result.reason} after ${result.seconds.toFixed(0)} s`;
  const errors = result.diagnostics.filter((d) => d.severity === 'error').slice(0, compileErrorsShown);
  return errors.length === 0
    ? result.stderr.slice(-2000)
    : errors.map((d) => `${d.file}:${d.line}:${d.column}: ${d.message}`).join('\n');
}

function changeOf({ module, state }: CascadeContext, { files }: Candidate): CodeChange {
  const { workspace } = state;
  return { before: workspace.files, after: files, regions: workspace.regions[module] };
}

/** A measured candidate is accepted unless it has grown by more than its gain is worth. */
export function acceptMeasured(context: CascadeContext, candidate: Candidate): void {
  const gain = gainOf(candidate, context.aggregate)?.value ?? 0;
  const refusal = candidate.style?.growth(changeOf(context, candidate), gain);
  candidate.verdict =
    refusal === undefined ? { kind: 'accepted' } : rejected('style', refusal.check, refusal.message);
}

/** Every cheap check on one small set. */
async function runChecks(
  context: CascadeContext,
  candidate: Candidate,
  { dataset, graph }: SmallSet,
  library: string,
  sanitizer: 'none' | 'address' | 'thread',
  seed: number,
): Promise<void> {
  const { run, state } = context;
  const { manifest } = state.workspace;
  const scratch = await workFolder(run, `${state.name}-${candidate.id}-checks`);
  const result = await verifyCandidate({
    processes: run.services.processes,
    harnessPath: harnessPath(),
    small: dataset,
    side: buildsGraphs(context)
      ? { library, params: indexParams(manifest), mode: 'build', scratch }
      : { library, params: indexParams(manifest), mode: 'import', graph, scratch },
    k: manifest.search.k,
    seed,
    sanitizer,
    signal: run.signal,
  });
  candidate.checks.push(...result.checks);
  candidate.lockdown ??= result.lockdown;
  if (result.verdict.kind !== 'accepted') candidate.verdict = result.verdict;
}

/** The cheap checks on the small set of every dataset; then, before anything is timed, whether the code is fit to keep. */
export const verify: Work = async (context, candidate) => {
  for (const small of context.small) {
    await runChecks(context, candidate, small, candidate.library!, 'none', context.seed);
    if (candidate.verdict !== undefined) return;
  }
  // After the checks: a cheat is called a cheat, however it is written.
  const refusals = candidate.style?.refusals(changeOf(context, candidate)) ?? [];
  if (refusals.length > 0) {
    const detail = refusals.map(({ message }) => message).join('\n');
    candidate.verdict = rejected('style', refusals[0]!.check, detail);
  }
};

/** Address and undefined-behaviour sanitizers; the thread sanitizer where threads are: in construction. */
export const sanitize: Work = async (context, candidate) => {
  for (const sanitizer of buildsGraphs(context) ? (['address', 'thread'] as const) : (['address'] as const)) {
    const report = context.referenceReports[sanitizedWorkOf(context, sanitizer)];
    if (report !== undefined) {
      const detail = `not judged: the reference itself is reported: ${report}`;
      candidate.checks.push({ name: `${sanitizer}-sanitizer`, ok: true, detail });
      continue;
    }
    const kind: Sanitizers = sanitizer === 'address' ? 'address,undefined' : 'thread';
    const folder = `${folderOf(context, candidate)}-${sanitizer}`;
    const compiled = await compileFiles(context.run, context.state.workspace, folder, candidate.files, kind);
    if (!compiled.ok) {
      const detail = compileDetail(compiled);
      candidate.verdict = rejected('does-not-compile', 'compiles-with-sanitizers', detail);
      return;
    }
    await runChecks(context, candidate, context.small[0]!, compiled.library, sanitizer, context.seed);
    if (candidate.verdict !== undefined) return;
  }
};

function sanitizedWorkOf(context: CascadeContext, sanitizer: 'address' | 'thread'): SanitizedWork {
  return buildsGraphs(context) || sanitizer === 'thread' ? `${sanitizer}-build` : sanitizer;
}

/** A large gain: every check once more, with other query orders. */
async function checkTwice(context: CascadeContext, candidate: Candidate): Promise<void> {
  const small = context.small[0]!;
  await runChecks(context, candidate, small, candidate.library!, 'none', context.seed + 1);
  const report = context.referenceReports[sanitizedWorkOf(context, 'address')];
  if (candidate.verdict !== undefined || report !== undefined) return;
  const sanitized = join(`${folderOf(context, candidate)}-address`, libraryName('address,undefined'));
  await runChecks(context, candidate, small, sanitized, 'address', context.seed + 1);
}

/** A candidate's own graph on one dataset, and whether it was too dear. */
export async function buildOn(
  context: CascadeContext,
  candidate: Candidate,
  baseline: Baseline,
): Promise<void> {
  const { run, state } = context;
  const { manifest } = state.workspace;
  const { name, n } = baseline.dataset;
  const trial = trialOn(candidate, name, n);
  const work = await workFolder(run, `${state.name}-${candidate.id}`);
  const graph = join(work, `${name.replaceAll(/[^\w.-]/g, '_')}-${n}.graph`);
  const seconds = baseline.costs.buildCpuSeconds;
  const request = { manifest, dataset: baseline.dataset, work };
  const timeoutMs = Math.max(buildTimeoutFloorMs, buildTimeoutFactor * seconds * 1000);
  const memoryBytes = memoryLimit(baseline.costs.anonymousBytes);
  const opened = await buildGraph(run, {
    ...request,
    library: candidate.library!,
    graph,
    timeoutMs,
    memoryBytes,
  });
  if (!opened.ok) {
    candidate.verdict = failureVerdict(opened.failure, 'build');
    return;
  }
  trial.graph = graph;
  trial.costs = costsOf(opened.value);
  const allowed = manifest.budgets.buildCpuFactor;
  const gate = context.gateCosts.get(gateKey(name, n)) ?? baseline.costs;
  if (buildFactor(trial.costs, gate) <= allowed) return;
  // The machine may have been faster when the reference was built: both within the same minutes, before a verdict.
  const again = await buildGraph(run, { ...request, library: state.library, graph: `${graph}.reference` });
  const now = again.ok ? costsOf(again.value) : gate;
  if (buildFactor(trial.costs, now) > allowed) {
    candidate.verdict = overBudget(
      manifest.budgets,
      { ...trial.costs, anonymousBytes: 0 },
      { ...now, anonymousBytes: 1 },
    );
  }
}

/** Short paired timing on one dataset; memory and recall come with it. */
async function screenOn(context: CascadeContext, candidate: Candidate, baseline: Baseline): Promise<void> {
  const { name, n } = baseline.dataset;
  const trial = trialOn(candidate, name, n);
  const outcome = await screen(await compareInput(context, candidate, baseline, trial, screenShare));
  if (outcome.kind !== 'measured') {
    context.run.signal.throwIfAborted();
    candidate.verdict = unmeasured(outcome, 'screen');
    return;
  }
  trial.screened = outcome.value.comparison;
  trial.profile = outcome.value.candidate;
  const { opened } = outcome.value.candidate;
  trial.costs = {
    ...costsOf(opened),
    buildCpuSeconds: trial.costs?.buildCpuSeconds ?? baseline.costs.buildCpuSeconds,
  };
  // Of an own build the CPU time was judged when it was made.
  const gate = context.gateCosts.get(gateKey(name, n)) ?? baseline.costs;
  const judged = buildsGraphs(context)
    ? { ...trial.costs, buildCpuSeconds: 0, prepareCpuSeconds: 0 }
    : trial.costs;
  candidate.verdict = overBudget(context.state.workspace.manifest.budgets, judged, gate);
}

/** Paired timing wherever candidates are measured first; clearly worse ones end here. */
export const screenCandidate: Work = async (context, candidate) => {
  await screenAll(context, candidate, context.first);
};

async function screenAll(
  context: CascadeContext,
  candidate: Candidate,
  baselines: readonly Baseline[],
): Promise<void> {
  for (const baseline of baselines) {
    if (buildsGraphs(context)) await buildOn(context, candidate, baseline);
    if (candidate.verdict === undefined) await screenOn(context, candidate, baseline);
    if (candidate.verdict !== undefined) return;
  }
  const gain = gainOf(candidate, context.aggregate);
  if (gain !== undefined && gain.high < 0) {
    const percent = ((Math.exp(gain.value) - 1) * 100).toFixed(1);
    candidate.verdict = rejected(
      'slower',
      'faster-than-reference',
      `clearly slower in paired timing: ${percent} %`,
    );
  }
}

async function residentAll(
  context: CascadeContext,
  candidate: Candidate,
  baselines: readonly Baseline[],
): Promise<void> {
  for (const baseline of baselines) {
    const trial = trialOn(candidate, baseline.dataset.name, baseline.dataset.n);
    const input = await compareInput(context, candidate, baseline, trial, residentShare);
    const outcome = await measureResident(input, trial.screened);
    if (outcome.kind !== 'measured') {
      context.run.signal.throwIfAborted();
      candidate.verdict = unmeasured(outcome, 'resident');
      return;
    }
    trial.resident = outcome.value.comparison;
    trial.profile = outcome.value.candidate;
  }
}

/** Resident timing where candidates are measured first, while the module has time. */
export const measure: Work = async (context, candidate) => {
  const { deadline, run } = context;
  if (deadline !== undefined && run.services.clock.monotonic() > deadline) {
    const detail = 'left out: the time of the module is used up; the paired estimate stands';
    candidate.checks.push({ name: 'resident-timing', ok: true, detail });
  } else await residentAll(context, candidate, context.first);
  if (candidate.verdict === undefined && isSuspiciouslyFast(context, candidate))
    await checkTwice(context, candidate);
};

/** The whole datasets, for a candidate that was judged on their heads: build, both timings. */
export const judgeWhole: Work = async (context, candidate) => {
  // A dataset too small for a head was measured whole at once.
  const left = context.whole.filter((baseline) => !context.first.includes(baseline));
  await screenAll(context, candidate, left);
  if (candidate.verdict === undefined) await residentAll(context, candidate, left);
};

function isSuspiciouslyFast(context: CascadeContext, candidate: Candidate): boolean {
  return (gainOf(candidate, context.aggregate)?.value ?? 0) > Math.log(doubleCheckFactor);
}
