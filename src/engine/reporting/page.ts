import { createHash } from 'node:crypto';
import type { ReportData } from '../../protocol/report.ts';
import { candidatesSection } from './candidatesSection.ts';
import { changesSection } from './changesSection.ts';
import { costsSection } from './costsSection.ts';
import { curvesSection } from './curvesSection.ts';
import { formatGain, formatTime, listed } from './format.ts';
import { headline } from './headline.ts';
import { Html, html, jsonForScript } from './html.ts';
import { methodSection } from './methodSection.ts';
import { datasetTable, moduleTable } from './overview.ts';
import { claimOf, type RunStory } from './runStory.ts';

/** What the page is made of besides the run. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

export interface PageInput {
  readonly story: RunStory;
  /** What could not be read or is worth knowing, one sentence each. */
  readonly notes: readonly string[];
  readonly assets: PageAssets;
  /** Of the program that writes the page. */
  readonly version: string;
  /** ISO 8601. */
  readonly writtenAt: string;
}

/**
 * The report of a run as one HTML document. It loads nothing and may run nothing but its own script: the policy at its
 * head allows the two inline blocks by their hashes and forbids everything else.
 */
export function reportPage({ story, notes, assets, version, writtenAt }: PageInput): string {
  const trials = claimOf(story)?.trials ?? [];
  const curves = trials.length === 0 ? undefined : curvesSection(story, trials);
  const candidates = candidatesSection(story);
  const changes = changesSection(story);
  const data: ReportData = { charts: [...(curves?.charts ?? []), ...candidates.charts] };
  const { run } = story;
  const policy = `default-src 'none'; script-src '${hashOf(assets.script)}'; style-src '${hashOf(assets.style)}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(story)}</title>
<style>${new Html(assets.style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the result</a>
<header>
<p class="muted">Annsmith, run <code>${run.runId}</code>, ${formatTime(run.at)}</p>
<h1>${run.workspace.name}: ${listed(run.modules)}</h1>
</header>
<main id="main">
${headline(story)}
<nav aria-label="Sections"><ul>
${curves && html`<li><a href="#curves">Curves</a></li><li><a href="#costs">Costs</a></li>`}<li><a href="#candidates">Candidates</a></li>${changes && html`<li><a href="#changes">Changes</a></li>`}<li><a href="#method">Method</a></li><li><a href="#repeat">Repeat it</a></li>
</ul></nav>
${notes.length > 0 && html`<ul class="note" role="note">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${moduleTable(story)}${datasetTable(story, trials)}
${curves?.markup}${trials.length > 0 && costsSection(trials)}${candidates.markup}${changes}${methodSection(story, trials)}
</main>
<footer class="muted">Written by annsmith ${version}, ${formatTime(writtenAt)}, from the workspace&rsquo;s ledger. This file holds everything it shows and loads nothing.</footer>
<script type="application/json" id="data">${jsonForScript(data)}</script>
<script>${new Html(assets.script)}</script>
</body>
</html>
`;
  return page.text;
}

function titleOf(story: RunStory): string {
  const claim = claimOf(story);
  const done = story.forTraining ? 'sampled for training' : 'no gain';
  const without = story.status === 'done' ? done : story.status;
  const gain = claim === undefined ? without : `${formatGain(claim.gain.value)} QPS`;
  return `${story.run.workspace.name}: ${gain} (Annsmith report)`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
