import { join } from 'node:path';
import type { BuildCosts } from '../protocol/costs.ts';
import type { Comparison } from '../protocol/measurement.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { Completion, FileTexts } from '../protocol/policy.ts';
import type { Verdict } from '../protocol/verdict.ts';
import type { CompareInput } from './benchmark/compare.ts';
import { measureResident, screen } from './benchmark/compare.ts';
import type { Outcome } from './benchmark/measurementContext.ts';
import type { ReferenceProfile, SideProfile } from './benchmark/referenceProfile.ts';
import { patchHash, unifiedDiff } from './candidate/patch.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { editsOutsideModule, regionCheck } from './candidate/regionGate.ts';
import { includeCheck, unsafeIncludes } from './candidate/unsafeInclude.ts';
import { harnessPath } from './native.ts';
import { mapParallel } from './parallel.ts';
import { failureVerdict, rejected } from './rejection.ts';
import { compileFiles, importSide, measurementContext, type RunContext } from './runContext.ts';
import { type Check, verifyCandidate } from './verify/verifyCandidate.ts';

/** Stages that do not time anything run this many at once. */
const width = 2;
/** Shares of the manifest's `budgets.candidateSeconds`. */
const screenShare = 0.12;
const residentShare = 0.27;
/** A gain over this factor gets every check twice. */
const doubleCheckFactor = 2;
const compileErrorsShown = 5;

/** A candidate on its way through the cascade; stages fill it in and set the verdict that ends its way. */
export interface Candidate {
  readonly id: string;
  readonly completion: Completion;
  readonly files: FileTexts;
  readonly patch: string | null;
  readonly patchHash: string | null;
  library?: string;
  verdict?: Verdict;
  checks: Check[];
  lockdown: Readonly<Record<string, unknown>> | null;
  profile?: SideProfile;
  screened?: Comparison;
  resident?: Comparison;
  costs?: BuildCosts;
  /** Seconds per stage. */
  timings: Record<string, number>;
  /** Id of an earlier candidate of the run with the same texts, whose judgement this one shares. */
  sameAs?: string;
}

export interface CascadeContext {
  readonly run: RunContext;
  readonly module: ModuleName;
  readonly profile: ReferenceProfile;
  readonly locate: LocateRegion;
  readonly seed: number;
}

export function newCandidate(id: string, completion: Completion, before: FileTexts): Candidate {
  const { outcome } = completion;
  const files: FileTexts = outcome.kind === 'files' ? outcome.files : new Map();
  const changed = files.size > 0;
  return {
    id,
    completion,
    files,
    patch: changed ? unifiedDiff(before, files) : null,
    patchHash: changed ? patchHash(before, files) : null,
    checks: [],
    lockdown: null,
    timings: {},
    ...(outcome.kind === 'rejected' ? { verdict: rejected(outcome.reason, 'applies', outcome.detail) } : {}),
  };
}

/** The candidate's best estimate so far. */
export function estimateOf(candidate: Candidate): Comparison | undefined {
  return candidate.resident ?? candidate.screened;
}

/**
 * Judges a group in the order of cost: applies, compiles, cheap checks, short paired timing, then, unless clearly
 * worse, sanitizers and resident timing. Stages without timing run side by side; timing runs alone.
 */
export async function judgeGroup(context: CascadeContext, group: readonly Candidate[]): Promise<void> {
  const { services } = context.run;
  const alive = (): Candidate[] => group.filter((c) => c.verdict === undefined && c.sameAs === undefined);
  const stage = async (
    name: string,
    message: string,
    members: readonly Candidate[],
    parallel: number,
    work: (context: CascadeContext, candidate: Candidate) => Promise<void>,
  ): Promise<void> => {
    let finished = 0;
    const started = services.clock.monotonic();
    await mapParallel(members, parallel, async (candidate) => {
      const elapsed = (services.clock.monotonic() - started) / 1000;
      services.reporter.progress({
        stage: name,
        message: `${message}: candidate ${candidate.id} (${finished + 1} of ${members.length})`,
        fraction: finished / members.length,
        ...(finished === 0 ? {} : { remainingSeconds: (elapsed / finished) * (members.length - finished) }),
      });
      const begin = services.clock.monotonic();
      await work(context, candidate);
      candidate.timings[name] = (services.clock.monotonic() - begin) / 1000;
      finished++;
    });
  };
  await stage('compile', 'compiling', alive(), width, applyAndCompile);
  await stage('verify', 'checking answers', alive(), width, verify);
  await stage('screen', 'paired timing', alive(), 1, screenCandidate);
  await stage('sanitize', 'sanitizers', alive(), width, sanitize);
  const hopeful = alive().sort((a, b) => b.screened!.logRatio.value - a.screened!.logRatio.value);
  await stage('resident', 'resident timing', hopeful, 1, measure);
  await stage('recheck', 'checking large gains again', alive().filter(isSuspiciouslyFast), width, checkTwice);
  for (const candidate of alive()) candidate.verdict = { kind: 'accepted' };
}

async function applyAndCompile({ run, module, locate }: CascadeContext, candidate: Candidate): Promise<void> {
  const { workspace } = run;
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
  const compiled = await compileFiles(run, folderOf(run, candidate), candidate.files, 'none');
  if (compiled.ok) {
    candidate.library = compiled.library;
    candidate.checks.push({ name: 'compiles', ok: true, detail: `${compiled.seconds.toFixed(1)} s` });
  } else candidate.verdict = rejected('does-not-compile', 'compiles', compileDetail(compiled));
}

function compileDetail(result: Extract<Awaited<ReturnType<typeof compileFiles>>, { ok: false }>): string {
  if (result.reason !== 'errors')
    return `the compiler ended by ${result.reason} after ${result.seconds.toFixed(0)} s`;
  const errors = result.diagnostics.filter((d) => d.severity === 'error').slice(0, compileErrorsShown);
  return errors.length === 0
    ? result.stderr.slice(-2000)
    : errors.map((d) => `${d.file}:${d.line}:${d.column}: ${d.message}`).join('\n');
}

function folderOf(run: RunContext, candidate: Candidate): string {
  return join(run.scratch, candidate.id);
}

async function runChecks(
  context: CascadeContext,
  candidate: Candidate,
  library: string,
  sanitized: boolean,
  seed: number,
): Promise<void> {
  const { run } = context;
  const result = await verifyCandidate({
    processes: run.services.processes,
    harnessPath: harnessPath(),
    small: run.small,
    side: await importSide(run, candidate.id, library, run.smallGraph),
    k: run.workspace.manifest.search.k,
    seed,
    sanitized,
    signal: run.signal,
  });
  candidate.checks.push(...result.checks);
  candidate.lockdown ??= result.lockdown;
  if (result.verdict.kind !== 'accepted') candidate.verdict = result.verdict;
}

async function verify(context: CascadeContext, candidate: Candidate): Promise<void> {
  await runChecks(context, candidate, candidate.library!, false, context.seed);
}

export async function compareInput(
  context: CascadeContext,
  candidate: Candidate,
  budgetShare: number,
): Promise<CompareInput> {
  const { run } = context;
  const { budgets } = run.workspace.manifest;
  return {
    ...measurementContext(run, context.seed),
    // The cascade reports its own progress; of a measurement's only that it waits for the lock.
    onProgress: (event) => {
      if (event.stage === 'measure') run.services.reporter.progress(event);
    },
    reference: await importSide(run, 'reference', run.reference.library, run.reference.graph),
    candidate: await importSide(run, candidate.id, candidate.library!, run.reference.graph),
    profile: context.profile,
    candidateProfile: candidate.profile,
    budgetSeconds: budgetShare * budgets.candidateSeconds,
    recallTolerance: budgets.recallTolerance,
  };
}

/** The verdict of a measurement that gave no value. */
function unmeasured(outcome: Exclude<Outcome<never>, { kind: 'measured' }>, check: string): Verdict {
  switch (outcome.kind) {
    case 'failed':
      return failureVerdict(outcome.failure, check);
    case 'rejected':
      return rejected(
        outcome.reason,
        outcome.reason === 'recall' ? 'recall' : 'answers-valid',
        outcome.detail,
      );
    case 'window':
      return { kind: 'failed', error: outcome.detail };
    case 'cancelled':
      return { kind: 'cancelled' };
  }
}

async function screenCandidate(context: CascadeContext, candidate: Candidate): Promise<void> {
  const outcome = await screen(await compareInput(context, candidate, screenShare));
  if (outcome.kind !== 'measured') {
    context.run.signal.throwIfAborted();
    candidate.verdict = unmeasured(outcome, 'screen');
    return;
  }
  candidate.screened = outcome.value.comparison;
  candidate.profile = outcome.value.candidate;
  const { opened } = outcome.value.candidate;
  candidate.costs = {
    buildCpuSeconds: context.run.reference.costs.buildCpuSeconds,
    prepareCpuSeconds: opened.prepareCpuSeconds,
    memoryBytes: opened.memoryBytes,
    anonymousBytes: opened.anonymousBytes,
    hugePageBytes: opened.hugePageBytes,
  };
  const costly = overBudget(context, candidate.costs);
  const { logRatio } = candidate.screened;
  if (costly !== undefined) candidate.verdict = costly;
  else if (logRatio.high < 0) {
    const percent = ((Math.exp(logRatio.value) - 1) * 100).toFixed(1);
    candidate.verdict = rejected(
      'slower',
      'faster-than-reference',
      `clearly slower in paired timing: ${percent} %`,
    );
  }
}

/** Build time and memory against the reference's own, both searched through the same graph. */
function overBudget({ run, profile }: CascadeContext, costs: BuildCosts): Verdict | undefined {
  const { buildCpuFactor, memoryFactor } = run.workspace.manifest.budgets;
  const reference = run.reference.costs.buildCpuSeconds + profile.opened.prepareCpuSeconds;
  const build = (costs.buildCpuSeconds + costs.prepareCpuSeconds) / reference;
  if (build > buildCpuFactor) {
    return rejected(
      'build-cost',
      'build-cost',
      `build and prepare take ${build.toFixed(2)}x the reference's CPU time, allowed is ${buildCpuFactor}x`,
    );
  }
  const memory = costs.anonymousBytes / profile.opened.anonymousBytes;
  return memory > memoryFactor
    ? rejected(
        'build-cost',
        'memory-cost',
        `memory is ${memory.toFixed(2)}x the reference's, allowed is ${memoryFactor}x`,
      )
    : undefined;
}

async function sanitize(context: CascadeContext, candidate: Candidate): Promise<void> {
  const folder = `${folderOf(context.run, candidate)}-sanitized`;
  const compiled = await compileFiles(context.run, folder, candidate.files, 'address,undefined');
  if (compiled.ok) await runChecks(context, candidate, compiled.library, true, context.seed);
  else candidate.verdict = rejected('does-not-compile', 'compiles-with-sanitizers', compileDetail(compiled));
}

async function measure(context: CascadeContext, candidate: Candidate): Promise<void> {
  const outcome = await measureResident(
    await compareInput(context, candidate, residentShare),
    candidate.screened,
  );
  if (outcome.kind !== 'measured') {
    context.run.signal.throwIfAborted();
    candidate.verdict = unmeasured(outcome, 'resident');
    return;
  }
  candidate.resident = outcome.value.comparison;
  candidate.profile = outcome.value.candidate;
}

function isSuspiciouslyFast(candidate: Candidate): boolean {
  return (estimateOf(candidate)?.logRatio.value ?? 0) > Math.log(doubleCheckFactor);
}

async function checkTwice(context: CascadeContext, candidate: Candidate): Promise<void> {
  await runChecks(context, candidate, candidate.library!, false, context.seed + 1);
  if (candidate.verdict !== undefined) return;
  const sanitized = join(`${folderOf(context.run, candidate)}-sanitized`, 'candidate.sanitized.so');
  await runChecks(context, candidate, sanitized, true, context.seed + 1);
}
