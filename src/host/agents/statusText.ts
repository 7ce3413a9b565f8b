import type { RunView, WorkspaceOverview } from '../../protocol/engine.ts';
import { formatGain, formatQps } from '../../protocol/numberText.ts';
import type { ActiveRun, EngineState } from '../feature.ts';
import type { Localize } from '../localize.ts';
import { howFar } from '../runText.ts';
import { formatEstimate, formatTime } from '../views/model/format.ts';
import { modulesTitle, moduleTitle } from '../views/model/moduleTitle.ts';
import { inlineCode } from './markdown.ts';

export interface StatusSources {
  readonly engine: EngineState;
  readonly active: ActiveRun | undefined;
  readonly workspaces: readonly WorkspaceOverview[];
  /** Newest first. */
  runsOf(root: string): readonly RunView[];
}

const shownRuns = 5;

/** Texts of errors may quote code and name paths: `no errors` is for what leaves this machine. */
export type StatusScope = 'all' | 'no errors';

/** Where things stand, as Markdown: what is going on, what was measured, what was found last. */
export function statusMarkdown(sources: StatusSources, l10n: Localize, scope: StatusScope = 'all'): string {
  const { workspaces, active } = sources;
  if (workspaces.length === 0) return l10n.t('No folder with HNSW code is open.');
  return [
    ...(active === undefined ? [] : [activeText(active, l10n)]),
    ...workspaces.flatMap((workspace) => folderText(workspace, sources.runsOf(workspace.root), l10n, scope)),
  ].join('\n\n');
}

function activeText(active: ActiveRun, l10n: Localize): string {
  const far = howFar(active, l10n);
  const title = active.kind === 'train' ? l10n.t('GRPO round') : modulesTitle(active.modules, l10n);
  const about = l10n.t('Going on now: {0}, {1}', title, active.message);
  return far === '' ? about : `${about} · ${far}`;
}

function folderText(
  workspace: WorkspaceOverview,
  runs: readonly RunView[],
  l10n: Localize,
  scope: StatusScope,
): string[] {
  const { name, state, problems, modules } = workspace;
  const title = `### ${name}`;
  switch (state) {
    case 'broken':
      return [
        title,
        [
          l10n.t('annsmith.json has problems:'),
          ...problems.map(({ field, message, fix }) =>
            scope === 'all' ? `- ${inlineCode(field)}: ${message}. ${fix}` : `- ${inlineCode(field)}`,
          ),
        ].join('\n'),
      ];
    case 'recognised':
      return [title, l10n.t('HNSW code that Annsmith knows, without an annsmith.json yet.')];
    case 'other':
      return [title, l10n.t('No annsmith.json, and no code that Annsmith knows.')];
    case 'ready':
      return [
        title,
        modules.map((module) => `- ${moduleLine(module, l10n)}`).join('\n'),
        ...(runs.length === 0
          ? [l10n.t('No runs yet.')]
          : [
              [
                l10n.t('Newest runs:'),
                ...runs.slice(0, shownRuns).map((run) => `- ${runLine(run, l10n, scope)}`),
              ].join('\n'),
            ]),
      ];
  }
}

function moduleLine(
  { module, measured, best }: WorkspaceOverview['modules'][number],
  l10n: Localize,
): string {
  const parts: string[] = [];
  if (measured === null) parts.push(l10n.t('not measured yet'));
  else {
    const { recall, qps, dataset, stale } = measured;
    parts.push(
      qps === null
        ? l10n.t('{0}: the curve does not reach recall {1}', dataset, recall)
        : l10n.t('{0}: {1} QPS at recall {2}', dataset, formatQps(qps), recall),
    );
    if (stale) parts.push(l10n.t('measured before the code was changed'));
  }
  if (best !== null) {
    parts.push(
      l10n.t(
        '{0} of run {1}: {2}',
        inlineCode(best.candidate),
        inlineCode(best.run),
        formatEstimate(best.gain),
      ),
    );
  }
  return `**${moduleTitle(module, l10n)}**: ${parts.join('; ')}`;
}

function runLine(run: RunView, l10n: Localize, scope: StatusScope): string {
  const { id, at, modules, error } = run;
  const why = error === null || scope === 'no errors' ? '' : `: ${inlineCode(error)}`;
  return `${inlineCode(id)}, ${formatTime(at)}: ${modulesTitle(modules, l10n)}, ${outcomeText(run, l10n)}${why}`;
}

function outcomeText({ status, gain, groups, forTraining }: RunView, l10n: Localize): string {
  switch (status) {
    case 'active':
      return l10n.t('running');
    case 'cancelled':
      return l10n.t('cancelled');
    case 'failed':
      return l10n.t('failed');
    case 'unfinished':
      return l10n.t('cut off');
    case 'done': {
      if (forTraining) return l10n.t('sampled for training');
      if (gain !== null) return formatEstimate(gain);
      const gains = groups
        .flatMap(({ candidates }) => candidates)
        .flatMap(({ verdict, gain: own }) =>
          verdict?.kind === 'accepted' && own !== null ? [own.value] : [],
        );
      return gains.length === 0
        ? l10n.t('no gain confirmed')
        : l10n.t('no gain confirmed; best candidate {0}', formatGain(Math.max(...gains)));
    }
  }
}
