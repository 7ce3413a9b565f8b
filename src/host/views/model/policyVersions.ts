import type { PolicyState } from '../../../protocol/engine.ts';
import type { VersionSummary } from '../../../protocol/grpo.ts';
import { itemKinds } from '../../ids.ts';
import type { Localize } from '../../localize.ts';
import { formatTime } from './format.ts';
import { described, line, type TooltipPart, title, type ViewNode } from './node.ts';
import type { PolicyTarget } from './policyModel.ts';

/** The lineage of the built-in policy, newest first, and what came of its rounds. */
export function lineageNodes({ versions, rounds }: PolicyState, l10n: Localize): ViewNode[] {
  const last = rounds.at(-1);
  const trained = versions.filter(({ parent, problem }) => parent !== null || problem !== undefined).length;
  return [
    {
      id: 'policy:versions',
      label: l10n.t('Versions'),
      description: trained === 0 ? l10n.t('not trained yet') : l10n.t('trained: {0}', trained),
      tooltip: [
        title(l10n.t('Versions')),
        line(l10n.t('Each is trained from the one before it, on measured rewards. One of them samples.')),
      ],
      icon: { name: 'git-commit' },
      kind: itemKinds.policyVersions,
      target: {},
      expanded: true,
      children: versions.toReversed().map((version) => versionNode(version, l10n)),
    },
    {
      id: 'policy:rounds',
      label: l10n.t('GRPO rounds'),
      description:
        last === undefined
          ? l10n.t('none yet')
          : described(
              String(rounds.length),
              last.promoted ? l10n.t('last: promoted') : l10n.t('last: not promoted'),
            ),
      tooltip: [
        title(l10n.t('GRPO rounds')),
        line(l10n.t('Sample groups, measure, update, and promote what is not worse.')),
        ...(last === undefined ? [] : [line(last.why)]),
      ],
      icon: { name: 'pulse' },
      kind: itemKinds.policyRounds,
      target: {},
      children: [],
    },
  ];
}

function versionNode(summary: VersionSummary, l10n: Localize): ViewNode {
  const { version, parent, metrics, promoted, problem } = summary;
  const target: PolicyTarget = { version };
  const reward = metrics === null ? null : l10n.t('mean reward {0}', metrics.meanReward.toFixed(3));
  const node = {
    id: `policy:version:${version}`,
    label: version,
    description: described(
      promoted && l10n.t('samples'),
      problem === undefined ? reward : l10n.t('cannot be used'),
      parent === null && problem === undefined ? l10n.t('published prior') : null,
    ),
    tooltip: [title(version), ...versionFacts(summary, l10n)],
    icon: promoted
      ? { name: 'pass-filled', colour: 'testing.iconPassed' }
      : { name: problem === undefined ? 'circle-outline' : 'warning' },
    target,
    children: [],
  };
  return promoted || problem !== undefined ? node : { ...node, kind: itemKinds.policyVersion };
}

function versionFacts({ parent, created, metrics, problem }: VersionSummary, l10n: Localize): TooltipPart[] {
  if (problem !== undefined) return [line(problem)];
  if (parent === null) {
    return [line(l10n.t('How likely each rewrite is tried, before anything is learned from runs.'))];
  }
  return [
    line(l10n.t('Trained from {0}.', parent)),
    ...(created === null ? [] : [line(formatTime(created))]),
    ...(metrics === null
      ? []
      : [
          line(
            l10n.t(
              'Groups: {0}, candidates: {1}, valid: {2} %',
              metrics.groups,
              metrics.completions,
              Math.round(100 * metrics.validFraction),
            ),
          ),
          line(
            l10n.t(
              'KL {0}, clipped {1} %, entropy {2} nats per token',
              metrics.kl.toFixed(4),
              Math.round(100 * metrics.clipFraction),
              metrics.entropy.toFixed(3),
            ),
          ),
        ]),
  ];
}
