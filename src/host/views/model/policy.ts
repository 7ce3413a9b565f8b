import type { RunView } from '../../../protocol/engine.ts';
import type { Localize } from '../../localize.ts';
import { formatCount } from './format.ts';
import { line, title, type ViewNode } from './node.ts';

export interface PolicyInput {
  /** As the settings name it. */
  readonly policy: string;
  /** Of every folder; newest first within each. */
  readonly runs: readonly RunView[];
}

/** What writes the candidates, and what of this workspace it can learn from. */
export function policyTree({ policy, runs }: PolicyInput, l10n: Localize): readonly ViewNode[] {
  const own = runs.filter((run) => run.policy === policy);
  const newest = own.reduce<RunView | undefined>(
    (latest, run) => (latest === undefined || run.at > latest.at ? run : latest),
    undefined,
  );
  const version = newest?.policyVersion;
  return [
    {
      id: 'policy:id',
      label: policy === 'playbook' ? l10n.t('Playbook') : policy,
      description: version ?? '',
      tooltip: [
        title(policy),
        ...(policy === 'playbook'
          ? [line(l10n.t('The built-in catalogue of rewrites: offline, free, trainable.'))]
          : []),
        ...(version === undefined ? [] : [line(l10n.t('Version of the newest run: {0}.', version))]),
      ],
      icon: { name: 'book' },
      target: {},
      children: [],
    },
    ...priorNodes(policy, version, l10n),
    judgedNode(own, l10n),
  ];
}

/** A version of the playbook is that of its prior, then that of its grammar. */
function priorNodes(policy: string, version: string | undefined, l10n: Localize): ViewNode[] {
  const prior = policy === 'playbook' ? version?.split('+', 1)[0] : undefined;
  if (prior === undefined || prior === '') return [];
  return [
    {
      id: 'policy:prior',
      label: l10n.t('Prior'),
      description: l10n.t('version {0}', prior),
      tooltip: [
        title(l10n.t('Prior')),
        line(l10n.t('How likely each rewrite is tried, before anything is learned from runs.')),
      ],
      icon: { name: 'graph' },
      target: {},
      children: [],
    },
  ];
}

function judgedNode(runs: readonly RunView[], l10n: Localize): ViewNode {
  const judged = runs
    .flatMap(({ groups }) => groups)
    .flatMap(({ candidates }) => candidates)
    .filter(({ verdict }) => verdict !== null && verdict.kind !== 'cancelled').length;
  return {
    id: 'policy:judged',
    label: l10n.t('Judged candidates'),
    description:
      judged === 0 ? l10n.t('none yet') : l10n.t('{0}, runs: {1}', formatCount(judged), runs.length),
    tooltip: [
      title(l10n.t('Judged candidates')),
      line(l10n.t('What the policy can learn from: the groups in the ledgers of this workspace.')),
    ],
    icon: { name: 'law' },
    target: {},
    children: [],
  };
}
