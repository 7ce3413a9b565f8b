import type { GroupView, RunView, WorkspaceOverview } from '../../../protocol/engine.ts';
import { formatGain, formatQps } from '../../../protocol/numberText.ts';
import type { CommandTarget, EngineState } from '../../feature.ts';
import { itemKinds } from '../../ids.ts';
import type { Localize } from '../../localize.ts';
import { namesModel } from '../../policy/spec.ts';
import { usageLong, usageShort } from '../../policy/usageText.ts';
import { candidateNode } from './candidateNode.ts';
import { byFolder } from './folders.ts';
import { formatEstimate, formatRatio, formatTime } from './format.ts';
import { modulesTitle, moduleTitle } from './moduleTitle.ts';
import { code, described, line, type NodeIcon, type TooltipPart, title, type ViewNode } from './node.ts';

export interface RunsInput {
  readonly workspaces: readonly WorkspaceOverview[];
  /** Newest first. */
  runsOf(root: string): readonly RunView[];
  readonly engine: EngineState;
}

/** `lost`: said to go on, but the server that would know is not there. */
type RunState = RunView['status'] | 'waiting' | 'lost';

/** Runs, newest first, with their groups and candidates. */
export function runsTree({ workspaces, runsOf, engine }: RunsInput, l10n: Localize): readonly ViewNode[] {
  return byFolder(workspaces, 'runs', ({ root }) =>
    runsOf(root).map((run) => runNode(root, run, stateOf(run, engine), l10n)),
  );
}

/** Id of a run's row. */
export function runRowId(root: string, run: string): string {
  return `run:${root}:${run}`;
}

function stateOf({ status }: RunView, engine: EngineState): RunState {
  if (status !== 'active' || engine === 'running') return status;
  return engine === 'starting' ? 'waiting' : 'lost';
}

function runNode(root: string, run: RunView, state: RunState, l10n: Localize): ViewNode {
  const modules = modulesTitle(run.modules, l10n);
  const datasets = run.datasets.join(', ');
  const word = stateWord(run, state, l10n);
  const status = state === 'done' && run.gain !== null ? formatEstimate(run.gain) : word;
  const active = state === 'active' || state === 'waiting';
  const outcome = described(status, run.applied && l10n.t('applied'));
  const time = formatTime(run.at);
  const target = { root, run: run.id };
  return {
    id: runRowId(root, run.id),
    label: described(modules, outcome),
    description: described(datasets, time, run.usage !== null && usageShort(run.usage, l10n)),
    tooltip: runTooltip(run, status, l10n),
    icon: runIcon(run, state),
    kind: kindOf(run, state),
    target,
    expanded: active,
    // The icon says no more than the label, except for a run that is done and has a gain.
    spoken: `${status === word ? '' : `${word}: `}${described(modules, datasets)}, ${described(time, outcome)}`,
    children: run.groups.map((group) =>
      groupNode(group, { target, active, hasModel: namesModel(run.policy) }, l10n),
    ),
  };
}

function kindOf({ gain }: RunView, state: RunState): string {
  if (state === 'active' || state === 'waiting') return itemKinds.runActive;
  if (state === 'done') return gain === null ? itemKinds.runEmpty : itemKinds.runDone;
  return itemKinds.runResumable;
}

function stateWord({ gain, forTraining }: RunView, state: RunState, l10n: Localize): string {
  switch (state) {
    case 'active':
      return l10n.t('running');
    case 'waiting':
      return l10n.t('waiting for the engine server');
    case 'lost':
      return l10n.t('the engine server has stopped');
    case 'done':
      if (forTraining) return l10n.t('sampled for training');
      return gain === null ? l10n.t('no gain confirmed') : l10n.t('done');
    case 'cancelled':
      return l10n.t('cancelled');
    case 'failed':
      return l10n.t('failed');
    case 'unfinished':
      return l10n.t('cut off');
  }
}

function runIcon({ gain, forTraining }: RunView, state: RunState): NodeIcon {
  switch (state) {
    case 'active':
    case 'waiting':
      return { name: 'sync~spin' };
    case 'done':
      if (forTraining) return { name: 'mortar-board' };
      return gain === null ? { name: 'circle-outline' } : { name: 'pass', colour: 'testing.iconPassed' };
    case 'failed':
      return { name: 'error', colour: 'testing.iconFailed' };
    case 'cancelled':
      return { name: 'circle-slash', colour: 'testing.iconSkipped' };
    case 'lost':
    case 'unfinished':
      return { name: 'debug-pause', colour: 'testing.iconQueued' };
  }
}

function runTooltip(run: RunView, status: string, l10n: Localize): TooltipPart[] {
  const parts = [
    title(run.id),
    line(l10n.t('Started {0} with the policy {1}: {2}.', formatTime(run.at), run.policy, status)),
  ];
  if (run.error !== null) parts.push(code(run.error));
  for (const { recall, ratio, referenceQps, candidateQps } of run.speedup) {
    const [from, to] = [formatQps(referenceQps), formatQps(candidateQps)];
    parts.push(
      line(l10n.t('At recall {0}: {1}, from {2} to {3} QPS.', recall, formatRatio(ratio), from, to)),
    );
  }
  if (run.usage !== null) parts.push(line(usageLong(run.usage, l10n)));
  return parts;
}

interface GroupPlace {
  readonly target: CommandTarget & { readonly root: string; readonly run: string };
  readonly active: boolean;
  /** A language model is among the run's policies. */
  readonly hasModel: boolean;
}

function groupNode(group: GroupView, { target, active, hasModel }: GroupPlace, l10n: Localize): ViewNode {
  const { module, round, candidates } = group;
  const accepted = candidates.filter(({ verdict }) => verdict?.kind === 'accepted');
  const gains = accepted.flatMap(({ gain }) => (gain === null ? [] : [gain.value]));
  const place = `${target.root}:${target.run}:${group.id}`;
  return {
    id: `group:${place}`,
    label: l10n.t('{0}, round {1}', moduleTitle(module, l10n), round),
    description: described(
      gains.length > 0 && l10n.t('best {0}', formatGain(Math.max(...gains))),
      l10n.t('{0} accepted of {1}', accepted.length, candidates.length),
    ),
    icon: { name: 'layers' },
    kind: itemKinds.group,
    target: { ...target, module },
    expanded: true,
    children: candidates.map((candidate) => {
      const row = candidateNode(
        candidate,
        { id: `candidate:${place}:${candidate.id}`, target, active },
        l10n,
      );
      return hasModel && candidate.hasPatch ? { ...row, kind: itemKinds.candidateModel } : row;
    }),
  };
}
