import {
  curveText,
  gainText,
  type ModuleCode,
  modulesText,
  speedupText,
  verdictText,
} from '../../protocol/agentText.ts';
import type { CandidateView, Change, Measured, RunView, WorkspaceOverview } from '../../protocol/engine.ts';
import type { Region } from '../../protocol/module.ts';
import { formatQps } from '../../protocol/numberText.ts';
import { changeDiff } from './changeDiff.ts';
import { candidatesOf } from './subject.ts';

/** What tools answer: English, since models read it. */

const shownRuns = 20;

/** The modules with the code of their regions; `textOf` gives a file as saved. */
export function overviewText(
  { name, root, datasets, modules }: WorkspaceOverview,
  textOf: (file: string) => string,
): string {
  const measured = modules.flatMap((module) => module.measured ?? [])[0];
  const withCode = modules.map(
    ({ module, regions }): ModuleCode => ({
      module,
      regions: regions.map((region) => ({ ...region, code: codeOf(region, textOf(region.file)) })),
    }),
  );
  return [
    `# ${name}, folder ${root}`,
    `Datasets, the first is the default: ${datasets.join(', ')}.`,
    measured === undefined ? 'Not benchmarked yet.' : `Newest benchmark: ${measuredText(measured)}`,
    ...modules.flatMap(({ module, best }) =>
      best === null
        ? []
        : [`Best result for ${module} so far: ${best.candidate} of run ${best.run}, ${gainText(best.gain)}.`],
    ),
    modulesText(withCode),
  ].join('\n\n');
}

function codeOf({ start, end }: Region, text: string): string {
  return text.slice(start, end);
}

export function measuredText({ at, dataset, recall, qps, points, stale }: Measured): string {
  const headline =
    qps === null ? `the curve does not reach recall ${recall}` : `${formatQps(qps)} QPS at recall ${recall}`;
  const old = stale ? ', of other code than what is saved now' : '';
  return `${at} on ${dataset}${old}: ${headline}.\n${curveText(points)}`;
}

export function runsText(runs: readonly RunView[]): string {
  if (runs.length === 0) return 'No runs yet.';
  return runs
    .slice(0, shownRuns)
    .map(({ id, at, modules, datasets, policy, status, gain, ...run }) => {
      const without = run.forTraining ? 'sampled for training' : 'no gain confirmed';
      const gained = gain === null ? without : `gain ${gainText(gain)}`;
      const count = run.groups.reduce((sum, { candidates }) => sum + candidates.length, 0);
      return `${id}, ${at}: ${modules.join(', ')} on ${datasets.join(', ')}, policy ${policy}, ${status}, ${count} candidates, ${gained}`;
    })
    .join('\n');
}

export function runText(run: RunView): string {
  const { error, gain, speedup } = run;
  return [
    runsText([run]),
    ...(error === null ? [] : [`It failed: ${error}`]),
    ...(gain === null || speedup.length === 0 ? [] : [`Speed-up at equal recall:\n${speedupText(speedup)}`]),
    'Candidates, best first:',
    ...candidatesOf(run).map((candidate) => `  ${candidateLine(candidate)}`),
  ].join('\n');
}

export function candidateLine({ id, module, verdict, gain, confirmed, won }: CandidateView): string {
  const gained = gain === null ? '' : `; gain ${gainText(gain)}`;
  const held = won
    ? ', confirmed winner'
    : confirmed === null
      ? ''
      : confirmed
        ? ', confirmed'
        : ', not confirmed';
  return `${id} (${module}): ${verdict === null ? 'not judged' : verdictText(verdict)}${gained}${held}`;
}

/** The folder that is meant: by name or path, else the only one, else that of `active`. @throws Error that says which there are. */
export function chosenFolder(
  ready: readonly WorkspaceOverview[],
  named: string | undefined,
  active: WorkspaceOverview | undefined,
): WorkspaceOverview {
  const list = ready.map(({ name, root }) => `${name} (${root})`).join(', ');
  if (ready.length === 0) {
    throw new Error(
      'No open folder has an annsmith.json that holds. Tell the user to create one with "Annsmith: Create Workspace Manifest".',
    );
  }
  if (named !== undefined) {
    const found = ready.find(({ name, root }) => root === named || name === named);
    if (found !== undefined) return found;
    throw new Error(`There is no folder ${named}. Use one of: ${list}.`);
  }
  const [only] = ready;
  if (ready.length === 1) return only!;
  if (active !== undefined && ready.includes(active)) return active;
  throw new Error(`Several folders can be meant. Name one of them in "folder": ${list}.`);
}

/** A candidate with what it changes. */
export function candidateText(
  run: RunView,
  { candidate, gain, analysis, design, parts, files }: Change,
): string {
  const view = candidatesOf(run).find(({ id }) => id === candidate);
  return [
    view === undefined
      ? `${candidate} of run ${run.id}${gain === null ? '' : `: gain ${gainText(gain)}`}`
      : candidateLine(view),
    ...parts.map(
      ({ part, cause, gain: own }) => `  ${part}: ${cause}${own === null ? '' : ` ${gainText(own)}`}`,
    ),
    ...(analysis === '' ? [] : [`Its author's analysis, unchecked: ${analysis}`]),
    ...(design === '' ? [] : [`Its author's design: ${design}`]),
    changeDiff(files),
  ].join('\n');
}
