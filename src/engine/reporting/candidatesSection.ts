import type { Estimate } from '../../protocol/measurement.ts';
import { type CandidateTrial, candidateCurves } from './charts.ts';
import { type Charted, chartFigure, pointTable, windowOf } from './curvesSection.ts';
import { plainDiff } from './diffView.ts';
import {
  counted,
  formatBytes,
  formatGain,
  formatGainInterval,
  formatNumber,
  formatRecall,
  formatSeconds,
} from './format.ts';
import { type Html, html } from './html.ts';
import { intervalGraphic, intervalScale } from './intervalGraphic.ts';
import { type CandidateStory, type ModuleStory, measuredTrials, type RunStory } from './runStory.ts';
import { type Column, type Row, table } from './table.ts';

const columns: readonly Column[] = [
  { title: 'Candidate' },
  { title: 'Verdict' },
  { title: 'Gain', numeric: true },
  { title: '95 % interval', numeric: true },
  { title: '', graphic: true },
  { title: 'Timing' },
  { title: 'Build CPU', numeric: true },
  { title: 'Memory', numeric: true },
  { title: 'Reward', numeric: true },
];

/** Every candidate of every module: curves, verdict, gain, program, diff. */
export function candidatesSection(story: RunStory): Charted {
  const parts = story.modules.map((module) => moduleCandidates(story, module));
  return {
    markup: html`<section aria-labelledby="candidates"><h2 id="candidates">Candidates</h2>
${parts.map(({ markup }) => markup)}</section>
`,
    charts: parts.flatMap(({ charts }) => charts),
  };
}

function moduleCandidates(story: RunStory, module: ModuleStory): Charted {
  const { candidates, groups } = module;
  if (groups.length === 0) {
    return { markup: html`<h3>${module.module}</h3><p>No candidate was sampled.</p>`, charts: [] };
  }
  const curves = trialSets(story, candidates).map((set, i) => setCurves(story, module, set, i));
  const wanted = groups.reduce((sum, group) => sum + group.completions, 0);
  const missing = wanted - candidates.length;
  const gains = candidates.flatMap(({ judgement }) => (judgement?.gain ? [judgement.gain] : []));
  const scale = intervalScale(gains);
  const rows = candidates.flatMap((candidate) => candidateRows(candidate, scale));
  const markup = html`<h3>${module.module}</h3>
<p>${counted(candidates.length, 'candidate')} in ${counted(groups.length, 'group')} from the policy ${groups[0]!.policy.id}${
    missing > 0 ? `; ${missing} more were not sampled before the run was cut off` : ''
  }.</p>
${curves.map((curve) => curve.markup)}
${table(`Candidates of ${module.module}, best first. Dots: filled for resident, hollow for paired timing.`, columns, rows)}
`;
  return { markup, charts: curves.flatMap(({ charts }) => charts) };
}

/** Measured trials by dataset and rows: what may stand in one chart. Whole datasets come first. */
function trialSets(
  { run }: RunStory,
  candidates: readonly CandidateStory[],
): [CandidateTrial, ...CandidateTrial[]][] {
  const sets = new Map<string, [CandidateTrial, ...CandidateTrial[]]>();
  for (const candidate of candidates) {
    for (const trial of measuredTrials(candidate)) {
      const key = `${trial.dataset} ${trial.rows}`;
      const set = sets.get(key);
      if (set === undefined) sets.set(key, [{ candidate, trial }]);
      else set.push({ candidate, trial });
    }
  }
  const place = ([{ trial }]: readonly [CandidateTrial, ...CandidateTrial[]]): number => {
    const index = run.datasets.findIndex(({ name }) => name === trial.dataset);
    return trial.rows === run.datasets[index]?.n ? index : run.datasets.length + index;
  };
  return [...sets.values()].sort((a, b) => place(a) - place(b));
}

function setCurves(
  story: RunStory,
  { module }: ModuleStory,
  trials: readonly [CandidateTrial, ...CandidateTrial[]],
  index: number,
): Charted {
  const { dataset, rows } = trials[0].trial;
  const id = `candidates-${module}-${index}`;
  const where = `${dataset}${rowsText(story, dataset, rows)}`;
  const window = windowOf(story, dataset);
  const [low, high] = window.map(formatRecall);
  const { comparison } = trials[0].trial;
  const first = trials[0].candidate.id;
  const markup = html`<div class="beside">
${chartFigure(
  id,
  `QPS over recall of the candidates of ${module} on ${where}`,
  html`${where}: queries per second of one thread (logarithmic) over recall; shaded: ${low} to ${high}. Every candidate was measured beside the reference; the reference shown is the one beside ${first}. Solid with filled points: resident timing; dashed and hollow: paired timing only.`,
)}
<div id="${id}-table">${pointTable(
    `${trials[0].candidate.won ? 'Winner' : 'Best'} and reference on ${where}`,
    [
      ['reference', comparison.reference],
      [first, comparison.candidate],
    ],
  )}${
    trials.length > 1
      ? html`<details><summary>Points of ${counted(trials.length - 1, 'other candidate')}</summary>
${pointTable(
  `Other candidates on ${where}`,
  trials.slice(1).map(({ candidate, trial }) => [candidate.id, trial.comparison.candidate] as const),
)}</details>`
      : null
  }</div>
</div>
`;
  return { markup, charts: [candidateCurves(id, trials, window)] };
}

function rowsText({ run }: RunStory, dataset: string, rows: number): string {
  const n = run.datasets.find(({ name }) => name === dataset)?.n ?? rows;
  return rows === n ? '' : `, first ${formatNumber(rows)} of ${formatNumber(n)} vectors`;
}

function candidateRows(candidate: CandidateStory, scale: ReturnType<typeof intervalScale>): Row[] {
  const { id, judgement, completion } = candidate;
  const best = measuredTrials(candidate).at(-1);
  const gain = judgement?.gain ?? undefined;
  const costs = best?.costs ?? judgement?.trials.findLast((trial) => trial.costs !== null)?.costs;
  const mode = best?.comparison.mode;
  return [
    [
      candidate.won ? html`<strong>${id}</strong>` : id,
      verdictText(candidate),
      gain && formatGain(gain.value),
      gain && formatGainInterval(gain),
      gain && intervalGraphic(gain, mode ?? 'paired', scale),
      mode,
      costs && formatSeconds(costs.buildCpuSeconds + costs.prepareCpuSeconds),
      costs && formatBytes(costs.anonymousBytes),
      judgement?.reward && formatNumber(judgement.reward.shaped, 3),
    ],
    html`<tr class="more"><td colspan="${columns.length}">${reason(candidate)}<pre class="program">${completion.text}</pre>
${details(candidate)}</td></tr>
`,
  ];
}

function verdictText({ won, judgement, confirmation }: CandidateStory): string {
  if (judgement === undefined) return 'not judged yet';
  if (judgement.sameAs !== undefined) return `same code as ${judgement.sameAs}`;
  const { verdict } = judgement;
  if (won) return 'confirmed, winner';
  if (confirmation?.confirmed === false) return 'accepted, not confirmed';
  if (verdict.kind === 'rejected') {
    const { reason, check } = verdict;
    return `rejected: ${reason}${check === reason ? '' : ` (${check})`}`;
  }
  return verdict.kind;
}

function reason({ judgement, completion }: CandidateStory): Html | null {
  const verdict = judgement?.verdict;
  const text =
    verdict?.kind === 'rejected'
      ? verdict.detail
      : verdict?.kind === 'failed'
        ? verdict.error
        : judgement === undefined
          ? completion.unusable?.detail
          : undefined;
  return text === undefined || text === '' ? null : html`<p class="reason">${text}</p>`;
}

/** What is worth a look on demand: each trial, the checks, where the time went, the diff. */
function details(candidate: CandidateStory): Html | null {
  const { id, judgement, completion, confirmation } = candidate;
  const trials = measuredTrials(candidate).map(({ dataset, rows, comparison }) => {
    const estimates = (['paired', 'resident'] as const).flatMap((mode) => {
      const estimate = comparison[mode] ?? (comparison.mode === mode ? comparison.logRatio : undefined);
      return estimate === undefined ? [] : [`${mode} ${estimateText(estimate)}`];
    });
    return html`<li>${dataset}, ${formatNumber(rows)} vectors: ${estimates.join('; ')}</li>`;
  });
  const again = confirmation && html`<li>Measured again: ${estimateText(confirmation.gain)}</li>`;
  const checks = (judgement?.checks ?? []).map(
    ({ name, ok, detail }) =>
      html`<li>${ok ? 'passed' : 'failed'}: ${name}${detail === '' ? '' : `, ${detail}`}</li>`,
  );
  const timings = Object.entries(judgement?.timings ?? {}).map(
    ([stage, s]) => `${stage} ${formatSeconds(s)}`,
  );
  const { notes, patch } = completion;
  if (trials.length + checks.length + timings.length + notes.length === 0 && patch === null) return null;
  return html`<details><summary>Estimates, checks and diff of ${id}</summary>
${trials.length > 0 || again ? html`<ul>${trials}${again}</ul>` : null}${
  checks.length > 0 ? html`<ul>${checks}</ul>` : null
}${notes.length > 0 ? html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>` : null}${
  timings.length > 0 ? html`<p class="muted">Took: ${timings.join(', ')}.</p>` : null
}${patch === null ? null : plainDiff(patch)}</details>`;
}

function estimateText(estimate: Estimate): string {
  return `${formatGain(estimate.value)} (${formatGainInterval(estimate)})`;
}
