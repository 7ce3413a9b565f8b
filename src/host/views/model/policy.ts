import type { PolicyState, RunView } from '../../../protocol/engine.ts';
import type { Localize } from '../../localize.ts';
import { type PolicySpec, parsePolicies, sharesPolicy } from '../../policy/spec.ts';
import { totalUsage, usageLong, usageShort } from '../../policy/usageText.ts';
import { formatCount } from './format.ts';
import { line, title, type ViewNode } from './node.ts';
import { type ModelFacts, modelNode } from './policyModel.ts';
import { lineageNodes } from './policyVersions.ts';

export interface PolicyInput {
  /** As the settings name it. */
  readonly policy: string;
  /** Of every folder; newest first within each. */
  readonly runs: readonly RunView[];
  readonly models: ModelFacts;
  /** Undefined before the server has said. */
  readonly policies: PolicyState | undefined;
}

/** What writes the candidates, what of this workspace it can learn from, and what it has used. */
export function policyTree(
  { policy, runs, models, policies }: PolicyInput,
  l10n: Localize,
): readonly ViewNode[] {
  const specs = parsePolicies(policy);
  if (specs === undefined) return [unknownNode(policy, l10n)];
  const own = runs.filter((run) => sharesPolicy(run.policy, specs));
  return [
    ...specs.flatMap((spec) =>
      spec.kind === 'playbook' ? playbookNodes(runs, policies, l10n) : [modelNode(spec, models, l10n)],
    ),
    judgedNode(own, l10n),
    ...usageNodes(specs, own, l10n),
  ];
}

function unknownNode(policy: string, l10n: Localize): ViewNode {
  return {
    id: 'policy:unknown',
    label: policy,
    description: l10n.t('not a policy'),
    tooltip: [
      title(policy),
      line(
        l10n.t(
          'The setting annsmith.policy is to be playbook, openai:MODEL or vscode:VENDOR/FAMILY, or several of them with commas.',
        ),
      ),
    ],
    icon: { name: 'error', colour: 'list.errorForeground' },
    target: {},
    children: [],
  };
}

function playbookNodes(
  runs: readonly RunView[],
  policies: PolicyState | undefined,
  l10n: Localize,
): ViewNode[] {
  const newest = runs
    .filter((run) => run.policy === 'playbook')
    .reduce<RunView | undefined>(
      (latest, run) => (latest === undefined || run.at > latest.at ? run : latest),
      undefined,
    );
  const promoted = policies?.versions.find((version) => version.promoted)?.version;
  const version = promoted ?? newest?.policyVersion;
  return [
    {
      id: 'policy:id',
      label: l10n.t('Playbook'),
      description: version ?? '',
      tooltip: [
        title('playbook'),
        line(l10n.t('The built-in catalogue of rewrites: offline, free, trainable.')),
        ...(version === undefined ? [] : [line(l10n.t('Version that samples: {0}.', version))]),
        ...(newest === undefined
          ? []
          : [line(l10n.t('Version of the newest run: {0}.', newest.policyVersion))]),
      ],
      icon: { name: 'book' },
      target: {},
      children: [],
    },
    ...(policies === undefined ? [] : lineageNodes(policies, l10n)),
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

/** Of the runs of this workspace; there where a model is among the policies, or was. */
function usageNodes(specs: readonly PolicySpec[], runs: readonly RunView[], l10n: Localize): ViewNode[] {
  const usage = totalUsage(runs);
  if (usage === null && specs.every(({ kind }) => kind === 'playbook')) return [];
  return [
    {
      id: 'policy:usage',
      label: l10n.t('Used by runs'),
      description: usage === null ? l10n.t('nothing yet') : usageShort(usage, l10n),
      tooltip: [
        title(l10n.t('Used by runs')),
        line(usage === null ? l10n.t('No run of this workspace has asked a model.') : usageLong(usage, l10n)),
      ],
      icon: { name: 'credit-card' },
      target: {},
      children: [],
    },
  ];
}
