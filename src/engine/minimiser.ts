import { readFile } from 'node:fs/promises';
import type { RecordOf } from '../protocol/ledger.ts';
import type { Estimate } from '../protocol/measurement.ts';
import type { PartReport } from '../protocol/optimize.ts';
import type { Completion, CompletionPart, Policy, PolicyRequest } from '../protocol/policy.ts';
import { aggregateGains } from './aggregateGains.ts';
import { type Baseline, sideOn } from './baseline.ts';
import { measureResident, screen } from './benchmark/compare.ts';
import type { ReferenceProfile, SideProfile } from './benchmark/referenceProfile.ts';
import { buildsGraphs, type CascadeContext, compareInput } from './cascadeContext.ts';
import { applyAndCompile, buildOn, residentShare, sanitize, screenShare, verify } from './cascadeStages.ts';
import { type Candidate, newCandidate, trialOn, trialRecords } from './judged.ts';

export type Ablation = Omit<RecordOf<'ablation'>, 'v' | 'at' | 'runId' | 'type'>;

export interface MinimiseRequest {
  readonly policy: Policy;
  /** The one that the winner's completion answered. */
  readonly request: PolicyRequest;
  readonly winner: Candidate;
  /** Of the whole winner over the state before it. */
  readonly gain: Estimate;
  /** Monotonic milliseconds after which parts are kept unmeasured. */
  readonly deadline: number | undefined;
  /** Ablations of this run so far. */
  readonly known: readonly Ablation[];
  readonly onAblation: (ablation: Ablation) => Promise<void>;
}

export interface Minimised {
  readonly winner: Candidate;
  readonly parts: readonly PartReport[];
}

/**
 * ln of a ratio. A part that seems to be worth more stays although its interval contains 0: that is a noisy machine, and
 * several such parts together are what the winner won by.
 */
const leastWorth = 0.01;

/**
 * Backward elimination: each part of a winner is taken out in turn and the rest timed against it; what carries no
 * measurable gain, or changes no machine code, stays out. Construction is timed on the heads of the datasets, as its
 * candidates were.
 */
export async function minimise(context: CascadeContext, input: MinimiseRequest): Promise<Minimised> {
  const { policy, request, winner, deadline } = input;
  const { services, signal } = context.run;
  const partsOf = ({ completion }: Candidate): readonly CompletionPart[] =>
    policy.parts?.(request, completion.text) ?? [];
  const parts = partsOf(winner);
  if (parts.length < 2) {
    return { winner, parts: parts.map(({ name, cause }) => ({ part: name, cause, gain: input.gain })) };
  }
  let current = winner;
  const kept: PartReport[] = [];
  for (const [i, { name }] of parts.entries()) {
    signal.throwIfAborted();
    const rest = partsOf(current);
    const part = rest.find((candidate) => candidate.name === name);
    if (part === undefined) continue;
    if (rest.length === 1) {
      kept.push({ part: name, cause: part.cause, gain: null });
      continue;
    }
    services.reporter.progress({
      stage: 'minimise',
      message: `winner ${winner.id} without ${name}`,
      fraction: i / parts.length,
    });
    const without = await withoutPart(context, input, current, part, i);
    if (without === undefined) {
      services.logger.info(`${name}: not measured alone, the time of the module is used up`);
      kept.push({ part: name, cause: part.cause, gain: null });
    } else if (without.ablation.kept) {
      kept.push({ part: name, cause: part.cause, gain: without.ablation.gain });
    } else {
      services.logger.info(`${name} carries no measurable gain and is left out`);
      current = without.candidate;
    }
  }
  if (current === winner || (await holds(context, current))) return { winner: current, parts: kept };
  const gainsOf = new Map(kept.map((part) => [part.part, part]));
  return {
    winner,
    parts: parts.map(({ name, cause }) => gainsOf.get(name) ?? { part: name, cause, gain: null }),
  };

  async function withoutPart(
    ctx: CascadeContext,
    { known, onAblation }: MinimiseRequest,
    whole: Candidate,
    part: CompletionPart,
    index: number,
  ): Promise<{ readonly candidate: Candidate; readonly ablation: Ablation } | undefined> {
    const completion: Completion = {
      text: part.without,
      tokenIds: [],
      logprobs: [],
      outcome: { kind: 'files', files: part.files, notes: [] },
    };
    const candidate = newCandidate(`${winner.id}-${index + 1}`, completion, request.files);
    const done = known.find(
      (ablation) => ablation.patchHash === candidate.patchHash && ablation.against === whole.patchHash,
    );
    if (done !== undefined) return { candidate, ablation: done };
    if (deadline !== undefined && services.clock.monotonic() > deadline) return undefined;
    const { gain, detail } = await gainOfPart(ctx, whole, candidate);
    const ablation: Ablation = {
      candidateId: winner.id,
      part: part.name,
      cause: part.cause,
      patchHash: candidate.patchHash!,
      against: whole.patchHash!,
      gain,
      kept: gain === null || gain.low > 0 || gain.value > leastWorth,
      detail,
      trials: trialRecords(candidate.trials),
    };
    await onAblation(ablation);
    return { candidate, ablation };
  }
}

/** The completion that was left of a winner, from what was found of its parts. */
export function completionLeft({
  policy,
  request,
  winner,
  known,
}: Pick<MinimiseRequest, 'policy' | 'request' | 'winner' | 'known'>): Completion {
  const left = known
    .filter(({ candidateId, kept }) => candidateId === winner.id && !kept)
    .reduce((text, { part }) => {
      const found = policy.parts?.(request, text).find(({ name }) => name === part);
      return found?.without ?? text;
    }, winner.completion.text);
  return { ...winner.completion, text: left };
}

/** What `whole` gains over `rest`, which lacks one part; null where the rest does not do. */
async function gainOfPart(
  context: CascadeContext,
  whole: Candidate,
  rest: Candidate,
): Promise<{ readonly gain: Estimate | null; readonly detail: string }> {
  const broken = (): string | undefined => {
    const { verdict } = rest;
    if (verdict === undefined) return undefined;
    return verdict.kind === 'rejected' ? `without it: ${verdict.check}: ${verdict.detail}` : verdict.kind;
  };
  if (whole.library === undefined) await applyAndCompile(context, whole);
  await applyAndCompile(context, rest);
  if (await isSameCode(whole, rest)) {
    return { gain: { value: 0, low: 0, high: 0 }, detail: 'the same machine code without it' };
  }
  if (rest.verdict === undefined) await verify(context, rest);
  const losses: Estimate[] = [];
  for (const baseline of context.first) {
    if (rest.verdict === undefined && buildsGraphs(context)) await buildOn(context, rest, baseline);
    if (rest.verdict !== undefined) return { gain: null, detail: broken() ?? '' };
    const loss = await lossOn(context, whole, rest, baseline);
    if (typeof loss === 'string') return { gain: null, detail: loss };
    losses.push(loss);
  }
  const { value, low, high } = aggregateGains(losses, context.aggregate);
  return { gain: { value: -value, low: -high, high: -low }, detail: '' };
}

/** What is the same to the last byte needs no clock to say so. */
async function isSameCode(whole: Candidate, rest: Candidate): Promise<boolean> {
  if (whole.library === undefined || rest.library === undefined) return false;
  const [a, b] = await Promise.all([readFile(whole.library), readFile(rest.library)]);
  return a.equals(b);
}

/** ln(AUC rest / AUC whole) on one dataset, or why there is none. */
async function lossOn(
  context: CascadeContext,
  whole: Candidate,
  rest: Candidate,
  baseline: Baseline,
): Promise<Estimate | string> {
  const { name, n } = baseline.dataset;
  const own = trialOn(whole, name, n);
  if (buildsGraphs(context) && own.graph === undefined) await buildOn(context, whole, baseline);
  if (own.profile === undefined) {
    const screened = await screen(await compareInput(context, whole, baseline, own, screenShare));
    context.run.signal.throwIfAborted();
    if (screened.kind !== 'measured') return `the winner could not be measured: ${JSON.stringify(screened)}`;
    own.profile = screened.value.candidate;
  }
  const trial = trialOn(rest, name, n);
  const input = await compareInput(context, rest, baseline, trial, residentShare);
  const outcome = await measureResident({
    ...input,
    reference: await sideOn(context.run, baseline, whole.id, whole.library!, own.graph ?? baseline.graph),
    profile: asReference(baseline.profile, own.profile),
  });
  context.run.signal.throwIfAborted();
  if (outcome.kind === 'rejected') return `without it: ${outcome.reason}: ${outcome.detail}`;
  if (outcome.kind !== 'measured') return `not measured: ${JSON.stringify(outcome)}`;
  trial.resident = outcome.value.comparison;
  trial.profile = outcome.value.candidate;
  return outcome.value.comparison.logRatio;
}

function asReference(base: ReferenceProfile, own: SideProfile): ReferenceProfile {
  return { ...base, ...own, residentChunk: own.residentChunk ?? base.residentChunk };
}

/** What is left of a winner passes the sanitizers as the winner did. */
async function holds(context: CascadeContext, candidate: Candidate): Promise<boolean> {
  if (candidate.library === undefined) {
    await applyAndCompile(context, candidate);
    if (candidate.verdict === undefined) await verify(context, candidate);
  }
  if (candidate.verdict === undefined) await sanitize(context, candidate);
  if (candidate.verdict === undefined) return true;
  context.run.services.logger.warn(
    `what was left after minimising does not hold: ${JSON.stringify(candidate.verdict)}; the whole winner stays`,
  );
  return false;
}
