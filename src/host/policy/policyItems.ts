import type { Localize } from '../localize.ts';
import type { ChoiceItem } from '../runChoice.ts';
import { type PolicySpec, parsePolicies, policyId, policyText } from './spec.ts';

/** A model that can be chosen without being typed. */
export interface NamedModel {
  readonly vendor: string;
  readonly family: string;
  readonly name: string;
}

export interface PolicyOffer {
  /** Chosen now. */
  readonly chosen: string;
  /** Chosen before, newest first. */
  readonly recent: readonly string[];
  readonly offered: readonly NamedModel[];
  /** Origin of the OpenAI-compatible endpoint. */
  readonly endpoint: string | undefined;
}

type Words = Pick<PolicyOffer, 'offered' | 'endpoint'>;

/** What a run can be asked for: the chosen policy, the playbook, what was chosen before, and the editor's models. */
export function policyItems(offer: PolicyOffer, l10n: Localize): ChoiceItem<string>[] {
  const { chosen, recent, offered } = offer;
  const names = [
    chosen,
    'playbook',
    ...recent,
    ...offered.map(({ vendor, family }) => policyId({ kind: 'vscode', vendor, family })),
  ];
  return [...new Set(names)].flatMap((name) => {
    const specs = parsePolicies(name);
    return specs === undefined ? [] : [itemOf(specs, offer, l10n)];
  });
}

/** A policy that was typed instead of chosen: its id, several with commas, or the bare name of a model. */
export function typedPolicy(text: string, words: Words, l10n: Localize): ChoiceItem<string> | undefined {
  const trimmed = text.trim();
  const specs = parsePolicies(trimmed) ?? modelsNamed(trimmed);
  return specs === undefined ? undefined : itemOf(specs, words, l10n);
}

/** OpenAI-compatible models by their names, with commas; with or without `openai:` before each. */
export function modelsNamed(text: string): readonly PolicySpec[] | undefined {
  const names = text.split(',').map((name) => name.trim().replace(/^openai:/, ''));
  if (names.some((name) => name === '' || /^(?:playbook$|vscode:)/.test(name))) return undefined;
  return parsePolicies(names.map((name) => `openai:${name}`).join(','));
}

function itemOf(specs: readonly PolicySpec[], words: Words, l10n: Localize): ChoiceItem<string> {
  const value = policyText(specs);
  const [only] = specs;
  const description =
    specs.length === 1 && only !== undefined
      ? policyAbout(only, words, l10n)
      : l10n.t('several: each group comes from one, and those that gain more get more groups');
  return { label: value, description, value };
}

/** What a policy is, in a few words. */
export function policyAbout(spec: PolicySpec, { offered, endpoint }: Words, l10n: Localize): string {
  switch (spec.kind) {
    case 'playbook':
      return l10n.t('the built-in catalogue of rewrites, offline');
    case 'openai':
      return l10n.t('language model at {0}', endpoint ?? l10n.t('an endpoint that is not set right'));
    case 'vscode': {
      const known = offered.find(({ vendor, family }) => vendor === spec.vendor && family === spec.family);
      return known === undefined
        ? l10n.t('language model of the editor')
        : l10n.t('{0}, language model of the editor', known.name);
    }
  }
}
