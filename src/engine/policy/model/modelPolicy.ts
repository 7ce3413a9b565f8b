import {
  addUsage,
  type ChatMessage,
  type ModelClient,
  type ModelCompletion,
} from '../../../protocol/model.ts';
import type {
  Completion,
  CompletionPart,
  Policy,
  PolicyPrompt,
  PolicyRequest,
  StyleGate,
  UnusableReason,
} from '../../../protocol/policy.ts';
import { UserError } from '../../errors.ts';
import { LineLog } from './lineLog.ts';

/** What a model's answer says, taken apart. */
export interface ReadAnswer {
  readonly outcome: Completion['outcome'];
  readonly analysis: string;
  readonly design: string;
}

export interface ModelPolicyOptions {
  readonly client: ModelClient;
  /** Version of the prompt's template; with the model's id it says what sampled. */
  readonly template: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly prompt: (request: PolicyRequest) => PolicyPrompt;
  readonly read: (text: string, request: PolicyRequest) => ReadAnswer;
  readonly parts: (request: PolicyRequest, completion: string) => readonly CompletionPart[];
  readonly style: StyleGate;
  /** Whether code of these files may go to the model's endpoint; asked once, before the first request. */
  readonly consent: (files: readonly string[]) => Promise<boolean>;
  /** Takes secrets and this machine's paths out of what compilers and checks say. */
  readonly scrub: (text: string) => string;
  /** A line of an answer as it arrives. */
  readonly onLine: (line: string) => void;
}

/** A language model as a policy: one contrastive prompt, `group` answers, and a second try for what cannot be used. */
export function createModelPolicy(options: ModelPolicyOptions): Policy {
  const { client, temperature, maxTokens } = options;
  let allowed: Promise<boolean> | undefined;

  async function requireConsent({ files }: PolicyRequest): Promise<void> {
    allowed ??= options.consent([...files.keys()]);
    if (await allowed) return;
    throw new UserError(
      'no-consent',
      `code of this workspace may not be sent to ${client.endpoint}`,
      'Allow it when asked (`--consent` on the command line), or use the policy playbook, which sends nothing.',
    );
  }

  async function* answers(
    request: PolicyRequest,
    messages: readonly ChatMessage[],
    n: number,
    label: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ModelCompletion> {
    await requireConsent(request);
    const log = new LineLog(options.onLine, label);
    const { seed } = request;
    const stream = client.complete(
      { messages, n, temperature, seed, maxTokens },
      {
        signal,
        onEvent: (event) => {
          if (event.kind === 'text') log.text(event.index, event.text);
          else if (event.kind === 'dropped')
            log.line(`${client.id} does not take ${event.parameter}: ${event.why}`);
          else if (event.kind === 'retry')
            log.line(`asking again in ${event.seconds.toFixed(1)} s: ${event.why}`);
        },
      },
    );
    for await (const answer of stream) yield answer;
    log.end();
  }

  function completionOf(request: PolicyRequest, answer: ModelCompletion): Completion {
    const { text, finish, usage, tokenIds, logprobs } = answer;
    const { outcome, analysis, design } = options.read(text, request);
    return {
      text,
      tokenIds,
      logprobs,
      outcome: cutShort(outcome, finish),
      answer: { analysis, design, finish, usage },
    };
  }

  return {
    id: client.id,
    version: options.template,
    style: options.style,
    prompt: options.prompt,
    parts: options.parts,
    get sampling() {
      // A server that does not take it samples at a temperature of its own.
      return { temperature: client.dropped.includes('temperature') ? null : temperature, maxTokens };
    },
    async *sample(request, signal) {
      const { messages } = options.prompt(request);
      for await (const answer of answers(request, messages, request.group, client.id, signal)) {
        yield completionOf(request, answer);
      }
    },
    async repair(request, completion, { reason, why }, signal) {
      const messages: ChatMessage[] = [
        ...options.prompt(request).messages,
        { role: 'assistant', content: completion.text },
        { role: 'user', content: repairText(reason, options.scrub(why)) },
      ];
      for await (const answer of answers(request, messages, 1, `${client.id}, second try`, signal)) {
        const second = completionOf(request, answer);
        const finish = completion.answer?.finish;
        const usage = addUsage(completion.answer?.usage ?? answer.usage, answer.usage);
        // Tokens and their probabilities stay those of the answer that is rewarded: the first.
        return {
          ...second,
          tokenIds: completion.tokenIds,
          logprobs: completion.logprobs,
          answer: {
            ...second.answer!,
            usage,
            repaired: { text: completion.text, reason, why, ...(finish === undefined ? {} : { finish }) },
          },
        };
      }
      return undefined;
    },
  };
}

/** An answer that ended early has no code, or code that a missing rest would have changed. */
function cutShort(outcome: Completion['outcome'], finish: ModelCompletion['finish']): Completion['outcome'] {
  if (finish === 'stop' || outcome.kind === 'rejected') return outcome;
  const why = {
    length: 'the answer was longer than the tokens allowed for it',
    filtered: "the provider's filter ended the answer",
    cut: 'the answer broke off',
  }[finish];
  return { kind: 'rejected', reason: 'does-not-parse', detail: `${why}; nothing of it is used` };
}

function repairText(reason: UnusableReason, why: string): string {
  const problem = {
    'does-not-parse': 'No code could be read from your answer.',
    'does-not-apply': 'Your change could not be applied.',
    'does-not-compile': 'Your change does not compile.',
  }[reason];
  return `${problem}\n\n\`\`\`\n${why}\n\`\`\`\n\nAnswer once more, in the same format and in full, against the reference as it was shown to you.`;
}
