import type { ReverseParamsOf, ReverseResultOf } from '../../protocol/engine.ts';
import type { Localize } from '../localize.ts';
import { Refusal } from './refusal.ts';

type Params = ReverseParamsOf<'annsmith/sample'>;
type Result = ReverseResultOf<'annsmith/sample'>;
type Completion = Result['completions'][number];

/** What is said to a model of the editor, which knows no system messages. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A model of the editor (`vscode.lm`), without the editor. */
export interface ChatModel {
  /** Yields the text of one completion in pieces. Errors have the `code` of a LanguageModelError where they are one. */
  send(turns: readonly Turn[], options: Readonly<Record<string, unknown>>): Promise<AsyncIterable<string>>;
  /** Tokens of a text as the model counts them. */
  countTokens(text: string): PromiseLike<number>;
}

export interface SampleOptions {
  /** The models of this vendor and family, the first of which is asked. */
  readonly find: (vendor: string, family: string) => Promise<ChatModel | undefined>;
  readonly isCancelled: () => boolean;
  readonly l10n: Localize;
}

/** Requests that are under way together: more run into the limits of providers. */
const together = 4;

/**
 * Asks a model of the editor for `n` completions: one first, as the editor may ask the user for leave, then the others
 * beside each other. Fewer are answered where some fail.
 * @throws Refusal where there is none, or what the model threw once cancelled.
 */
export async function sample(params: Params, { find, isCancelled, l10n }: SampleOptions): Promise<Result> {
  const { model: name, n, temperature, maxTokens } = params;
  const slash = name.indexOf('/');
  const model = slash < 0 ? undefined : await find(name.slice(0, slash), name.slice(slash + 1));
  if (model === undefined) throw notOffered(name, l10n);
  const turns = turnsOf(params.messages);
  const options = { temperature, max_tokens: maxTokens };
  const completions: Completion[] = [];
  let failure: unknown;
  const one = async (): Promise<void> => {
    try {
      completions.push(await complete(model, turns, options, maxTokens));
    } catch (error) {
      if (isCancelled()) throw error;
      failure = error;
    }
  };
  await one();
  // Without leave or quota there is no use in asking again.
  if (completions.length > 0) {
    for (let left = n - 1; left > 0; left -= together) {
      await Promise.all(Array.from({ length: Math.min(left, together) }, one));
    }
  }
  if (completions.length === 0) throw refusalOf(failure, name, l10n);
  return { completions, promptTokens: await countAll(model, turns) };
}

/** System messages become messages of the user, in their place. */
export function turnsOf(messages: Params['messages']): readonly Turn[] {
  return messages.map(({ role, content }) => ({
    role: role === 'assistant' ? 'assistant' : 'user',
    content,
  }));
}

async function complete(
  model: ChatModel,
  turns: readonly Turn[],
  options: Readonly<Record<string, unknown>>,
  maxTokens: number,
): Promise<Completion> {
  let text = '';
  let isCut = false;
  const stream = await model.send(turns, options);
  try {
    for await (const piece of stream) text += piece;
  } catch (error) {
    // What came before the stream broke may hold a whole answer.
    if (text === '') throw error;
    isCut = true;
  }
  const tokens = await count(model, text);
  const isFull = tokens !== null && tokens >= maxTokens;
  return { text, finish: isCut ? 'cut' : isFull ? 'length' : 'stop', tokens };
}

/** Null where the model does not count. */
async function count(model: ChatModel, text: string): Promise<number | null> {
  try {
    const tokens = await model.countTokens(text);
    return Number.isFinite(tokens) ? tokens : null;
  } catch {
    return null;
  }
}

async function countAll(model: ChatModel, turns: readonly Turn[]): Promise<number | null> {
  const counts = await Promise.all(turns.map(({ content }) => count(model, content)));
  return counts.reduce<number | null>(
    (sum, tokens) => (sum === null || tokens === null ? null : sum + tokens),
    0,
  );
}

function notOffered(name: string, l10n: Localize): Refusal {
  return new Refusal(
    'model-not-found',
    l10n.t('The editor does not offer the language model {0}.', name),
    l10n.t('Choose another with "Annsmith: Choose Policy", or install the extension that provides it.'),
  );
}

/** By the code of a LanguageModelError. */
function refusalOf(error: unknown, name: string, l10n: Localize): Refusal {
  const { code, message, cause } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly cause?: unknown;
  };
  const because = cause instanceof Error && cause.message !== '' ? cause.message : String(message ?? error);
  switch (code) {
    case 'NotFound':
      return notOffered(name, l10n);
    case 'NoPermissions':
      return new Refusal(
        'model-no-permission',
        l10n.t('Annsmith may not use the language model {0}: {1}', name, because),
        l10n.t(
          'Allow it under "Manage Language Model Access" in the account menu, or sign in to the provider.',
        ),
      );
    case 'Blocked':
      return new Refusal(
        'model-blocked',
        l10n.t('The language model {0} is blocked or its quota is used up: {1}', name, because),
        l10n.t('Wait until the quota is renewed, or choose another policy.'),
      );
    default:
      return new Refusal(
        'model-failed',
        l10n.t('The language model {0} did not answer: {1}', name, because),
        l10n.t('Try "Annsmith: Test Model", or choose another policy.'),
      );
  }
}
