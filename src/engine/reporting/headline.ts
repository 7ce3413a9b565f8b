import type { FinalTrial } from '../../protocol/ledger.ts';
import {
  counted,
  formatBytes,
  formatChange,
  formatGain,
  formatGainInterval,
  formatLatency,
  formatQps,
  formatRatio,
  formatRatioInterval,
  formatRecall,
  formatSeconds,
  formatTime,
  listed,
  upperFirst,
} from './format.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { type Claim, claimOf, type RunStory } from './runStory.ts';

/** What was gained, how sure that is, and what it costs. */
export function headline(story: RunStory): Html {
  const claim = claimOf(story);
  return html`${statusNote(story)}${claim === undefined ? nothingClaimed(story) : claimed(story, claim)}`;
}

function statusNote({ status, end, until, resumed }: RunStory): Html | null {
  const again = resumed.length === 0 ? '' : ` It was resumed ${counted(resumed.length, 'time')}.`;
  if (status === 'unfinished') {
    const text = `This run is not finished: its last record is of ${formatTime(until)}. What follows is what the ledger holds so far.`;
    return note('Unfinished', `${text}${again}`);
  }
  if (status === 'cancelled') {
    return note('Cancelled', `This run was cancelled. What follows is what was measured before.${again}`);
  }
  if (status === 'failed') {
    return note('Failed', `This run ended with an error: ${end?.error ?? 'none was recorded'}.${again}`);
  }
  return null;
}

function note(title: string, text: string): Html {
  return html`<p class="note" role="note"><strong>${title}.</strong> ${text}</p>
`;
}

function nothingClaimed({ modules, status, forTraining }: RunStory): Html {
  const candidates = modules.flatMap((module) => module.candidates);
  const judged = candidates.filter(({ judgement }) => judgement !== undefined).length;
  const winners = modules.flatMap(({ winner }) => (winner === undefined ? [] : [winner.id]));
  const isSampled = forTraining && status === 'done';
  const why = isSampled
    ? 'This run sampled groups to train the policy on. No candidate is confirmed in it, and nothing is proposed.'
    : winners.length > 0
      ? status === 'done'
        ? `${listed(winners)} ${winners.length === 1 ? 'was' : 'were'} confirmed alone, but everything together was not; nothing is proposed.`
        : `${listed(winners)} ${winners.length === 1 ? 'was' : 'were'} confirmed; everything together is not measured yet.`
      : status === 'done'
        ? 'No candidate was confirmed to be faster than the code as saved, so nothing is proposed.'
        : 'No candidate is confirmed yet.';
  const result = isSampled ? 'Sampled for training' : status === 'done' ? 'No gain' : 'No result yet';
  return html`<p class="gain none">${result}</p>
<p class="lead">${why} ${counted(candidates.length, 'candidate')}, ${judged} judged.</p>
`;
}

function claimed(story: RunStory, { gain, trials, whole }: Claim): Html {
  const { run } = story;
  const judged = trials.filter(({ heldOut }) => !heldOut);
  const over =
    judged.length > 1
      ? `${run.aggregate === 'worst' ? 'the least' : 'the geometric mean'} over ${listed(judged.map(({ dataset }) => dataset))}`
      : `on ${judged[0]?.dataset ?? ''}`;
  const won = story.modules.filter(({ winner }) => winner !== undefined).map(({ module }) => module);
  const what = whole
    ? `${upperFirst(listed(won))} against the code as saved`
    : 'One module against the state before it';
  return html`<p class="gain">${formatGain(gain.value)}</p>
<p class="lead">${gain.value < 0 ? null : 'more '}queries per second at equal recall, ${over}; 95&nbsp;% interval <strong>${formatGainInterval(gain)}</strong>.</p>
<p>${what}, measured again with fresh processes, another seed and queries that the optimization has not seen.${appliedText(story)}</p>
${heldOutText(trials)}${trials[0] === undefined ? null : keyFigures(story, trials[0], trials.length > 1)}`;
}

function appliedText({ end }: RunStory): string {
  return end?.applied === true ? ' The change was written into the workspace.' : '';
}

function heldOutText(trials: readonly FinalTrial[]): Html | null {
  const texts = trials
    .filter(({ heldOut }) => heldOut)
    .map(({ dataset, comparison }) => {
      const { logRatio } = comparison;
      return `${dataset} ${formatGain(logRatio.value)} (${formatGainInterval(logRatio)})`;
    });
  if (texts.length === 0) return null;
  return html`<p>On ${texts.length === 1 ? 'a dataset' : 'datasets'} that the optimization has never seen: ${listed(texts)}.</p>
`;
}

function keyFigures({ run }: RunStory, trial: FinalTrial, several: boolean): Html {
  const window = run.datasets.find(({ name }) => name === trial.dataset)?.window ?? [];
  const edges = trial.comparison.speedupAt.filter(({ recall }) =>
    window.some((edge) => Math.abs(edge - recall) < 1e-9),
  );
  const { costs, latency } = trial;
  const cpu = ({ buildCpuSeconds, prepareCpuSeconds }: typeof costs.reference): number =>
    buildCpuSeconds + prepareCpuSeconds;
  const build = { before: cpu(costs.reference), after: cpu(costs.candidate) };
  const memory = { before: costs.reference.anonymousBytes, after: costs.candidate.anonymousBytes };
  const p99 = { before: latency.reference.p99, after: latency.candidate.p99 };
  const threads = trial.throughput?.at(-1);
  return html`<dl class="figures"${several ? html` aria-label="On ${trial.dataset}"` : null}>
${edges.map(({ recall, ratio, referenceQps, candidateQps }) =>
  figure(
    `QPS at recall ${formatRecall(recall)}`,
    formatRatio(ratio.value),
    html`${formatChange(formatQps(referenceQps), formatQps(candidateQps))}<br>${formatRatioInterval(ratio)}`,
  ),
)}${figure('Latency, p99', change(p99), formatChange(formatLatency(p99.before), formatLatency(p99.after)))}${
  threads === undefined
    ? null
    : figure(
        `QPS of ${threads.threads} threads`,
        change({ before: threads.reference.qps, after: threads.candidate.qps }),
        formatChange(formatQps(threads.reference.qps), formatQps(threads.candidate.qps)),
      )
}${figure('Build, CPU time', change(build), formatChange(formatSeconds(build.before), formatSeconds(build.after)))}${figure(
  'Memory of the index',
  change(memory),
  formatChange(formatBytes(memory.before), formatBytes(memory.after)),
)}</dl>
${several ? html`<p class="muted">These figures are of ${trial.dataset}; the others are below.</p>` : null}`;
}

function change({ before, after }: { readonly before: number; readonly after: number }): string {
  return before > 0 ? formatRatio(after / before) : 'new';
}

function figure(name: string, value: HtmlValue, detail: HtmlValue): Html {
  return html`<div><dt>${name}</dt><dd><strong>${value}</strong><span>${detail}</span></dd></div>
`;
}
