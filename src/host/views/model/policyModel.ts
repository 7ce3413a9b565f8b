import type { CommandTarget } from '../../feature.ts';
import { itemKinds } from '../../ids.ts';
import type { Localize } from '../../localize.ts';
import { editorEndpoint } from '../../policy/consentText.ts';
import type { Endpoint } from '../../policy/endpoint.ts';
import type { LastTest } from '../../policy/modelTests.ts';
import { type PolicySpec, policyId } from '../../policy/spec.ts';
import { formatTime } from './format.ts';
import { code, line, type TooltipPart, title, type ViewNode } from './node.ts';

/** What is known of language models outside of runs. */
export interface ModelFacts {
  /** Of OpenAI-compatible models; undefined where what is set is no address. */
  readonly endpoint: Endpoint | undefined;
  readonly hasKey: boolean;
  /** Whether the editor has the model; undefined while that is not known. */
  isOffered(vendor: string, family: string): boolean | undefined;
  lastTest(policy: string, endpoint: string): LastTest | undefined;
  /** Code of a folder of this window may be sent there. */
  mayGetCode(endpoint: string): boolean;
}

/** What the commands of the Policy view are about. */
export interface PolicyTarget extends CommandTarget {
  readonly policy?: string;
  /** Of the built-in policy. */
  readonly version?: string;
  /** An origin, or `vscode.lm/VENDOR`. */
  readonly endpoint?: string;
}

type ModelSpec = Exclude<PolicySpec, { readonly kind: 'playbook' }>;

const attention = { name: 'warning', colour: 'list.warningForeground' } as const;

/** A language model: where it is, what it needs, and whether it answers. */
export function modelNode(spec: ModelSpec, facts: ModelFacts, l10n: Localize): ViewNode {
  const policy = policyId(spec);
  const isOpenAi = spec.kind === 'openai';
  const endpoint = isOpenAi ? facts.endpoint?.origin : editorEndpoint(spec.vendor);
  const target: PolicyTarget = { policy, ...(endpoint === undefined ? {} : { endpoint }) };
  const test = endpoint === undefined ? undefined : facts.lastTest(policy, endpoint);
  const leavesMachine = !isOpenAi || facts.endpoint?.isLocal === false;
  return {
    id: `policy:model:${policy}`,
    label: isOpenAi ? spec.model : `${spec.vendor}/${spec.family}`,
    description: isOpenAi ? l10n.t('OpenAI-compatible') : l10n.t('language model of the editor'),
    tooltip: [
      title(policy),
      line(l10n.t('Writes candidates from a prompt with your code and measurements.')),
    ],
    icon: { name: 'hubot' },
    kind: itemKinds.policyModel,
    target,
    expanded: true,
    children: [
      ...(spec.kind === 'openai'
        ? [endpointNode(facts.endpoint, policy, l10n)]
        : [offerNode(spec, facts, l10n)]),
      ...(isOpenAi && facts.endpoint !== undefined
        ? [keyNode({ policy, ...facts.endpoint }, facts.hasKey, target, l10n)]
        : []),
      ...(leavesMachine && endpoint !== undefined ? [consentNode(endpoint, facts, target, l10n)] : []),
      testNode(policy, test, l10n),
    ],
  };
}

function endpointNode(endpoint: Endpoint | undefined, policy: string, l10n: Localize): ViewNode {
  const label = l10n.t('Endpoint');
  const id = `policy:endpoint:${policy}`;
  if (endpoint === undefined) {
    return {
      id,
      label,
      description: l10n.t('not an address'),
      tooltip: [
        title(label),
        line(
          l10n.t('The setting annsmith.model.baseUrl is to be an address such as http://localhost:8000/v1.'),
        ),
      ],
      icon: attention,
      target: {},
      children: [],
    };
  }
  const from = {
    setting: l10n.t('Of the setting annsmith.model.baseUrl.'),
    environment: l10n.t('Of the variable OPENAI_BASE_URL, as annsmith.model.baseUrl is empty.'),
    default: l10n.t("OpenAI's, as annsmith.model.baseUrl is empty."),
  };
  const description = endpoint.isLocal ? l10n.t('{0} · this machine', endpoint.origin) : endpoint.origin;
  return {
    id,
    label,
    description,
    tooltip: [title(endpoint.origin), line(from[endpoint.from])],
    icon: { name: endpoint.isLocal ? 'server' : 'cloud' },
    target: {},
    children: [],
  };
}

function offerNode(
  { vendor, family }: Extract<ModelSpec, { readonly kind: 'vscode' }>,
  facts: ModelFacts,
  l10n: Localize,
): ViewNode {
  const isOffered = facts.isOffered(vendor, family);
  return {
    id: `policy:offer:${vendor}/${family}`,
    label: l10n.t('Provider'),
    description:
      isOffered === undefined
        ? vendor
        : isOffered
          ? l10n.t('{0} · available', vendor)
          : l10n.t('{0} · not available', vendor),
    tooltip: [
      title(l10n.t('Provider')),
      line(
        isOffered === false
          ? l10n.t(
              'The editor does not offer this model now: install the extension that provides it, or sign in.',
            )
          : l10n.t('Requests go through the editor, under your account with the provider.'),
      ),
    ],
    icon: isOffered === false ? attention : { name: 'extensions' },
    target: {},
    children: [],
  };
}

function keyNode(
  {
    policy,
    origin,
    isLocal,
  }: { readonly policy: string; readonly origin: string; readonly isLocal: boolean },
  hasKey: boolean,
  target: PolicyTarget,
  l10n: Localize,
): ViewNode {
  const optional = isLocal ? l10n.t('not set, often not needed here') : l10n.t('not set');
  return {
    id: `policy:key:${policy}`,
    label: l10n.t('API key'),
    description: hasKey ? l10n.t('set') : optional,
    tooltip: [
      title(l10n.t('API key')),
      line(
        l10n.t(
          "For {0}. It lies in the editor's secret storage and goes to the engine server alone.",
          origin,
        ),
      ),
    ],
    icon: hasKey || isLocal ? { name: 'key' } : attention,
    kind: itemKinds.policyKey,
    target,
    children: [],
  };
}

function consentNode(endpoint: string, facts: ModelFacts, target: PolicyTarget, l10n: Localize): ViewNode {
  const given = facts.mayGetCode(endpoint);
  const node = {
    id: `policy:consent:${target.policy ?? ''}`,
    label: l10n.t('Sending code'),
    description: given ? l10n.t('allowed') : l10n.t('asked before the first time'),
    tooltip: [
      title(l10n.t('Sending code')),
      line(
        l10n.t('Code leaves this machine only after you have allowed it for the folder and the endpoint.'),
      ),
    ],
    icon: { name: 'shield' },
    target,
    children: [],
  };
  return given ? { ...node, kind: itemKinds.policyConsent } : node;
}

function testNode(policy: string, test: LastTest | undefined, l10n: Localize): ViewNode {
  const node = { id: `policy:test:${policy}`, label: l10n.t('Last test'), target: {}, children: [] };
  if (test === undefined) {
    return {
      ...node,
      description: l10n.t('not tested yet'),
      tooltip: [title(l10n.t('Last test')), line(l10n.t('"Annsmith: Test Model" asks it for one word.'))],
      icon: { name: 'circle-outline' },
    };
  }
  const when = line(formatTime(test.at));
  const { outcome } = test;
  if (!outcome.ok) {
    return {
      ...node,
      description: l10n.t('failed: {0}', outcome.error),
      tooltip: [title(l10n.t('Last test')), when, code(outcome.error)],
      icon: { name: 'error', colour: 'testing.iconFailed' },
    };
  }
  return {
    ...node,
    description: l10n.t('answered in {0} s', outcome.seconds.toFixed(1)),
    tooltip: [title(l10n.t('Last test')), when, code(outcome.text), ...droppedPart(outcome.dropped, l10n)],
    icon: { name: 'pass', colour: 'testing.iconPassed' },
  };
}

function droppedPart(dropped: readonly string[], l10n: Localize): TooltipPart[] {
  return dropped.length === 0 ? [] : [line(l10n.t('It does not take: {0}.', dropped.join(', ')))];
}
