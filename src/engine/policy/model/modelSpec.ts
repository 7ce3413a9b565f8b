import { UserError } from '../../errors.ts';

/** What writes candidates, as the user names it. */
export type PolicySpec =
  | { readonly kind: 'playbook'; readonly id: 'playbook' }
  /** A model behind an OpenAI-compatible endpoint. */
  | { readonly kind: 'openai'; readonly id: string; readonly model: string }
  /** A model that the editor offers. */
  | { readonly kind: 'vscode'; readonly id: string; readonly vendor: string; readonly family: string };

/** The forms that there are, for help texts. */
export const policyForms = ['playbook', 'openai:MODEL', 'vscode:VENDOR/FAMILY'] as const;

/**
 * Reads `playbook`, `openai:MODEL`, `vscode:VENDOR/FAMILY`, or several of them with commas between; what is named twice
 * is there once. Throws UserError `no-such-policy`.
 */
export function parsePolicies(text: string): readonly PolicySpec[] {
  const specs = text.split(',').map((part) => parsePolicy(part.trim()));
  return [...new Map(specs.map((spec) => [spec.id, spec])).values()];
}

function parsePolicy(id: string): PolicySpec {
  if (id === 'playbook') return { kind: 'playbook', id };
  // Names of models hold colons and slashes themselves: `openai:qwen2.5-coder:7b`, `openai:meta/llama-3`.
  const model = /^openai:(\S+)$/.exec(id)?.[1];
  if (model !== undefined) return { kind: 'openai', id, model };
  const [, vendor, family] = /^vscode:([^/\s]+)\/(\S+)$/.exec(id) ?? [];
  if (vendor !== undefined && family !== undefined) return { kind: 'vscode', id, vendor, family };
  throw new UserError(
    'no-such-policy',
    id === '' ? 'a policy is missing' : `there is no policy ${id}`,
    `Name one of ${policyForms.join(', ')}, or several with commas between them.`,
  );
}
