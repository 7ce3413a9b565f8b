/** A policy as settings, tasks and the protocol name it. */
export type PolicySpec =
  | { readonly kind: 'playbook' }
  /** A model behind the OpenAI-compatible endpoint of the settings. */
  | { readonly kind: 'openai'; readonly model: string }
  /** A model that the editor offers (`vscode.lm`). */
  | { readonly kind: 'vscode'; readonly vendor: string; readonly family: string };

const item = '(?:playbook|openai:[^\\s,]+|vscode:[^\\s,/]+/[^\\s,]+)';
/** One policy or several with commas; the manifest has the same pattern for the setting and for tasks. */
export const policyPattern = `^\\s*${item}(?:\\s*,\\s*${item})*\\s*$`;
const whole = new RegExp(policyPattern);

/** The policies of a text, each once; undefined where one of them is none. */
export function parsePolicies(text: string): readonly PolicySpec[] | undefined {
  if (!whole.test(text)) return undefined;
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names)].map(parseOne);
}

function parseOne(text: string): PolicySpec {
  const colon = text.indexOf(':');
  if (colon < 0) return { kind: 'playbook' };
  const rest = text.slice(colon + 1);
  if (text.startsWith('openai:')) return { kind: 'openai', model: rest };
  const slash = rest.indexOf('/');
  return { kind: 'vscode', vendor: rest.slice(0, slash), family: rest.slice(slash + 1) };
}

/** As it is written in settings and sent to the server. */
export function policyId(spec: PolicySpec): string {
  switch (spec.kind) {
    case 'playbook':
      return 'playbook';
    case 'openai':
      return `openai:${spec.model}`;
    case 'vscode':
      return `vscode:${spec.vendor}/${spec.family}`;
  }
}

/** Of several policies, in the form that is stored. */
export function policyText(specs: readonly PolicySpec[]): string {
  return [...new Set(specs.map(policyId))].join(',');
}

/** Whether the text names a language model among its policies. */
export function namesModel(text: string): boolean {
  return /(?:^|,)\s*(?:openai|vscode):/.test(text);
}

/** Whether a run with the policies `ran` says something about one of `wanted`. */
export function sharesPolicy(ran: string, wanted: readonly PolicySpec[]): boolean {
  const ids = new Set(ran.split(',').map((name) => name.trim()));
  return wanted.some((spec) => ids.has(policyId(spec)));
}
