import type { ProposalOutcome } from './engine.ts';
import type { CurvePoint, Estimate, SpeedupAt } from './measurement.ts';
import type { ModuleName, Region } from './module.ts';
import { formatGain, formatQps } from './numberText.ts';
import type { Verdict } from './verdict.ts';

/** What agents are told, in the terminal's words: the same over MCP and in the editor. Never translated: models read it. */

/** What an agent may do here, and how its patches are judged. */
export const agentRules = `Annsmith makes HNSW C++ code faster and proves it by measurement. You propose; Annsmith measures; the user decides.

- Read the modules and their regions first. A patch may change the regions of one module, and nothing else.
- A patch is judged on a copy: applied, compiled, checked for right answers, timed beside the workspace as saved on the same queries, checked with sanitizers, timed again alone, and confirmed with fresh processes and held-out queries. Nothing is ever written into the user's files: only the user applies a change, in the editor or with \`annsmith\`. Do not copy a patch into the files yourself unless the user asks for it.
- Report the measured gain with its interval. A gain that was not confirmed is not a gain. Never state a speed-up that was not measured here.
- Required of every patch: the same interface; deterministic; no threads, no clock, no results kept between queries; M, efConstruction, ef and k keep their meaning; recall at the largest ef not lower than the reference's by more than the tolerance; build time and memory within the limits; readable code without unexplained constants.
- A rejected patch comes back with the check that it failed and what was found: correct it, and propose again.
- One measurement takes from half a minute to some minutes and needs the machine to itself: do not build or test anything beside it.`;

/** Forms in which a patch can be written. */
export const patchForms = `SEARCH/REPLACE blocks (\`FILE: path\`, then \`<<<<<<< SEARCH\`, the exact lines that stand there now, \`=======\`, the new lines, \`>>>>>>> REPLACE\`), a region whole (\`FILE: path\`, \`REGION: symbol\`, then a fenced block with its new text), or a unified diff.`;

/** `+49.9 % (95 % interval +45.2 % to +54.7 %)`. */
export function gainText({ value, low, high }: Estimate): string {
  return `${formatGain(value)} (95 % interval ${formatGain(low)} to ${formatGain(high)})`;
}

export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'accepted':
      return 'accepted: all checks passed';
    case 'rejected':
      return `rejected (${verdict.reason}) by the check ${verdict.check}: ${verdict.detail}`;
    case 'failed':
      return `failed, which says nothing about the patch: ${verdict.error}`;
    case 'cancelled':
      return 'cancelled';
  }
}

/** A curve, one point per line, by recall. */
export function curveText(points: readonly CurvePoint[]): string {
  return points
    .toSorted((a, b) => a.recall - b.recall)
    .map(({ ef, recall, qps }) => `  ef ${ef}: recall ${recall.toFixed(4)}, ${formatQps(qps)} QPS`)
    .join('\n');
}

export function speedupText(speedups: readonly SpeedupAt[]): string {
  return speedups
    .map(
      ({ recall, ratio, referenceQps, candidateQps }) =>
        `  at recall ${recall}: ${ratio.value.toFixed(3)} times (${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}), from ${formatQps(referenceQps)} to ${formatQps(candidateQps)} QPS`,
    )
    .join('\n');
}

/** What came of a proposal, verdict first. */
export function proposalText(outcome: ProposalOutcome): string {
  const { run, candidate, verdict, gain, confirmed, speedup, reference, points, checks } = outcome;
  return [
    `Verdict: ${verdictText(verdict)}.`,
    gain === null
      ? 'Gain: not measured.'
      : `Gain, area under the QPS-recall curve in the recall window: ${gainText(gain)}.`,
    confirmationText(verdict, gain, confirmed),
    ...section('Speed-up at equal recall', speedupText(speedup)),
    ...section('Curve of the patch', curveText(points)),
    ...section('Curve of the workspace as saved', curveText(reference)),
    ...section('Checks that failed', checksText(checks.filter(({ ok }) => !ok))),
    ...section('Checks that passed', checksText(checks.filter(({ ok }) => ok))),
    `Logged as candidate ${candidate} of run ${run}. Nothing was applied: the user reviews it in the editor, where it is listed under Candidates.`,
  ].join('\n');
}

function confirmationText(verdict: Verdict, gain: Estimate | null, confirmed: boolean | null): string {
  if (confirmed === true) return 'Confirmed with fresh processes, a fresh seed and held-out queries.';
  if (confirmed === false)
    return 'Not confirmed with fresh processes, a fresh seed and held-out queries: do not call it a gain.';
  if (verdict.kind === 'accepted' && gain !== null && gain.low <= 0)
    return 'Not faster beyond doubt (the interval contains zero), so nothing was there to confirm.';
  return 'Nothing was there to confirm.';
}

/** One check per line. */
export function checksText(checks: readonly { readonly name: string; readonly detail: string }[]): string {
  return checks.map(({ name, detail }) => `  ${name}${detail === '' ? '' : `: ${detail}`}`).join('\n');
}

function section(title: string, text: string): string[] {
  return text === '' ? [] : [`${title}:`, text];
}

/** A module with the code that patches to it may change. */
export interface ModuleCode {
  readonly module: ModuleName;
  readonly regions: readonly (Pick<Region, 'file' | 'symbol' | 'kind' | 'startLine' | 'endLine'> & {
    /** As saved. */
    readonly code: string;
  })[];
}

/** Modules with the code of their regions, fenced. */
export function modulesText(modules: readonly ModuleCode[]): string {
  return modules
    .map(({ module, regions }) =>
      [
        `## Module ${module}`,
        ...regions.map(
          ({ file, symbol, kind, startLine, endLine, code }) =>
            `${kind} \`${symbol}\`, ${file}:${startLine}-${endLine}\n\`\`\`cpp\n${code.trimEnd()}\n\`\`\``,
        ),
      ].join('\n\n'),
    )
    .join('\n\n');
}
