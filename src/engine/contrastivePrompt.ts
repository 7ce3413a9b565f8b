import { homedir, userInfo } from 'node:os';
import type { ModelSettings } from '../protocol/model.ts';
import type { PolicyPrompt, PolicyRequest } from '../protocol/policy.ts';
import { buildPrompt } from './prompt/buildPrompt.ts';
import { promptText } from './prompt/promptText.ts';
import { scrubText } from './prompt/scrub.ts';

/** Makes the prompts of a workspace, without what is this machine's and its user's own. */
export function contrastivePrompt({
  promptTokens,
}: Pick<ModelSettings, 'promptTokens'>): (request: PolicyRequest, root: string) => PolicyPrompt {
  const { username } = userInfo();
  return (request, root) =>
    buildPrompt(request, {
      tokenBudget: promptTokens,
      budgetOption: '--prompt-tokens (annsmith.model.promptTokens)',
      scrub: { root, home: homedir(), user: username },
    });
}

/** Takes out of any other text for a model what the prompts of a workspace do not hold either. */
export function scrubbed(root: string): (text: string) => string {
  const scrub = { root, home: homedir(), user: userInfo().username };
  return (text) => scrubText(text, scrub);
}

export const promptAsText = promptText;
