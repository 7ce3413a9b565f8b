import * as z from 'zod';
import { UserError } from '../../engine/errors.ts';
import { type CandidateStory, measuredTrials, type RunStory } from '../../engine/reporting/runStory.ts';
import { checksText, curveText, gainText, speedupText, verdictText } from '../../protocol/agentText.ts';
import { estimateSchema } from '../../protocol/measurementSchemas.ts';
import { moduleNames } from '../../protocol/module.ts';
import { formatBytes } from '../../protocol/numberText.ts';
import { checks, costs, curve, gain, speedup, verdict } from './shapes.ts';

const candidateSummary = z.object({
  id: z.string(),
  module: z.enum(moduleNames),
  verdict: verdict.nullable().describe('Null while it is not judged.'),
  gain: gain.nullable(),
  confirmed: z.boolean().nullable(),
  won: z.boolean().describe("The module's confirmed winner."),
});
type CandidateSummary = z.infer<typeof candidateSummary>;

/** A run with its candidates, best first. */
export const runDetail = z.object({
  id: z.string(),
  at: z.string(),
  modules: z.array(z.enum(moduleNames)),
  datasets: z.array(z.string()),
  policy: z.string(),
  forTraining: z.boolean().describe('Sampled to train the policy: nothing of it is confirmed.'),
  status: z.enum(['done', 'cancelled', 'failed', 'unfinished']),
  error: z.string().nullable(),
  gain: estimateSchema.nullable().describe('Of everything together, as confirmed.'),
  speedup,
  applied: z.boolean(),
  candidates: z.array(candidateSummary),
});
export type RunDetail = z.infer<typeof runDetail>;

/** A candidate with everything that was measured of it. */
export const candidateDetail = candidateSummary.extend({
  run: z.string(),
  completion: z.string().describe('What its policy wrote.'),
  patch: z.string().nullable().describe('As a unified diff.'),
  dataset: z.string().nullable().describe('That the curves are of.'),
  reference: curve,
  points: curve,
  speedup,
  costs: costs.nullable(),
  checks,
  parts: z.array(z.object({ part: z.string(), cause: z.string(), gain: estimateSchema.nullable() })),
});
export type CandidateDetail = z.infer<typeof candidateDetail>;

export function runOf({ run, forTraining, status, end, total, modules }: RunStory): RunDetail {
  return {
    id: run.runId,
    at: run.at,
    modules: run.modules,
    datasets: run.datasets.map(({ name }) => name),
    policy: run.policy.id,
    forTraining,
    status,
    error: end?.error ?? null,
    gain: total?.gain ?? null,
    speedup: total?.trials[0]?.comparison.speedupAt ?? [],
    applied: end?.applied ?? false,
    candidates: modules.flatMap(({ candidates }) => candidates.map(summaryOf)),
  };
}

function summaryOf({ id, group, judgement, confirmation, won }: CandidateStory): CandidateSummary {
  return {
    id,
    module: group.module,
    verdict: judgement?.verdict ?? null,
    gain: confirmation?.gain ?? judgement?.gain ?? null,
    confirmed: confirmation?.confirmed ?? null,
    won,
  };
}

/** @throws UserError where the run has no such candidate. */
export function candidateOf({ run, modules }: RunStory, id: string): CandidateDetail {
  const all = modules.flatMap(({ candidates }) => candidates);
  const story = all.find((candidate) => candidate.id === id);
  if (story === undefined) {
    throw new UserError(
      'no-such-candidate',
      `run ${run.runId} has no candidate ${id}`,
      all.length === 0 ? 'It has none yet.' : `It has ${all.map((candidate) => candidate.id).join(', ')}.`,
    );
  }
  const { completion, judgement, confirmation } = story;
  const final = confirmation?.trials[0];
  const trial = final ?? measuredTrials(story).at(-1);
  const comparison = trial?.comparison;
  return {
    ...summaryOf(story),
    run: run.runId,
    completion: completion.text,
    patch: completion.patch,
    dataset: trial?.dataset ?? null,
    reference: comparison?.reference ?? [],
    points: comparison?.candidate ?? [],
    speedup: comparison?.speedupAt ?? [],
    costs: final?.costs.candidate ?? measuredTrials(story).at(-1)?.costs ?? null,
    checks: judgement?.checks ?? [],
    parts: modules
      .flatMap(({ ablations }) => ablations)
      .filter(({ candidateId }) => candidateId === id)
      .map(({ part, cause, gain: own }) => ({ part, cause, gain: own })),
  };
}

function summaryText({ id, module, verdict: judged, gain: measured, confirmed }: CandidateSummary): string {
  const gained = measured === null ? '' : `; gain ${gainText(measured)}`;
  const held = confirmed === null ? '' : confirmed ? ', confirmed' : ', not confirmed';
  return `${id} (${module}): ${judged === null ? 'not judged' : verdictText(judged)}${gained}${held}`;
}

export function runText(run: RunDetail): string {
  const { id, at, modules, datasets, policy, status, error, candidates } = run;
  const without = run.forTraining ? 'It sampled groups to train the policy on.' : 'No gain was confirmed.';
  return [
    `Run ${id} of ${at}: ${modules.join(', ')} on ${datasets.join(', ')}, policy ${policy}, ${status}${run.applied ? ', applied' : ''}.`,
    ...(error === null ? [] : [`It failed: ${error}`]),
    run.gain === null ? without : `Confirmed gain: ${gainText(run.gain)}.`,
    ...(run.speedup.length === 0 ? [] : [speedupText(run.speedup)]),
    'Candidates, best first:',
    ...candidates.map((candidate) => `  ${summaryText(candidate)}`),
  ].join('\n');
}

export function candidateText(candidate: CandidateDetail): string {
  const { run, dataset, points, reference, patch } = candidate;
  const section = (title: string, text: string): string[] => (text === '' ? [] : [`${title}:`, text]);
  return [
    `Run ${run}, candidate ${summaryText(candidate)}`,
    ...section(`Speed-up at equal recall on ${dataset}`, speedupText(candidate.speedup)),
    ...section('Its curve', curveText(points)),
    ...section('Curve of the reference', curveText(reference)),
    ...(candidate.costs === null
      ? []
      : [
          `Costs: ${(candidate.costs.buildCpuSeconds + candidate.costs.prepareCpuSeconds).toFixed(1)} CPU seconds to build, ${formatBytes(candidate.costs.memoryBytes)} of memory.`,
        ]),
    ...section('Checks that failed', checksText(candidate.checks.filter(({ ok }) => !ok))),
    ...section('Checks that passed', checksText(candidate.checks.filter(({ ok }) => ok))),
    ...section(
      'Parts',
      candidate.parts
        .map(({ part, cause, gain: own }) => `  ${part}: ${cause}${own === null ? '' : ` ${gainText(own)}`}`)
        .join('\n'),
    ),
    ...section('Diff', patch ?? ''),
  ].join('\n');
}
