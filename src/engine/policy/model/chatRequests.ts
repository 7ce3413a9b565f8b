import type OpenAI from 'openai';
import type { ModelEvent, ModelRequest } from '../../../protocol/model.ts';
import type { Clock, Random } from '../../ports.ts';
import { AnswerCollector, type PartialAnswer } from './answer.ts';
import { backOff, longestPatience } from './backOff.ts';
import { type Capabilities, refusedParameter } from './capabilities.ts';
import { Deadline } from './deadline.ts';
import { type Failure, failureOf, mayPass } from './failure.ts';
import { type ModelTarget, modelError } from './modelError.ts';
import type { ModelTimeouts, Wait } from './openAiOptions.ts';
import type { Scrubber } from './scrub.ts';

export interface ChatContext {
  readonly transport: OpenAI;
  readonly target: ModelTarget;
  readonly capabilities: Capabilities;
  readonly scrubber: Scrubber;
  readonly timeouts: ModelTimeouts;
  readonly maxRetries: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
}

export interface ChatAnswer {
  /** By number of the completion. Those that break off have no `finish`. */
  readonly answers: ReadonlyMap<number, PartialAnswer>;
  readonly usage: { readonly prompt: number; readonly completion: number } | null;
  /** It came to its end, so that what is missing would not have come. */
  readonly whole: boolean;
}

type Emit = (event: ModelEvent) => void;

/**
 * Asks for the completions `numbers` of `request` by one HTTP request, made again without what the server refuses and
 * after failures that may pass. Undefined: several were asked for, and the server has no `n`. Throws UserError, and
 * the signal's reason when it is aborted.
 */
export async function chat(
  context: ChatContext,
  request: ModelRequest,
  numbers: readonly number[],
  signal: AbortSignal,
  emit: Emit,
): Promise<ChatAnswer | undefined> {
  const { capabilities, scrubber, target } = context;
  for (let retries = 0; ; ) {
    if (numbers.length > 1 && !capabilities.takes('n')) return undefined;
    const parameters = capabilities.parameters(request, numbers.length, numbers[0]!);
    const result = await attempt(context, request, parameters, numbers, signal, emit);
    if ('answers' in result) return result;

    const refused = refusedParameter(result, Object.keys(parameters));
    if (refused !== undefined && result.kind === 'status') {
      if (capabilities.drop(refused)) {
        emit({ kind: 'dropped', parameter: refused, why: scrubber.scrub(result.text, 200) });
      }
      continue;
    }
    const asked = result.kind === 'status' ? result.wait : null;
    if (!mayPass(result) || retries >= context.maxRetries || (asked ?? 0) > longestPatience) {
      throw modelError(result, target, scrubber);
    }
    retries++;
    const pause = backOff(retries, asked, context.random);
    const why = modelError(result, target, scrubber).message;
    emit({ kind: 'retry', attempt: retries, seconds: pause / 1000, why });
    await pauseFor(context.wait, pause, signal);
  }
}

async function pauseFor(wait: Wait, milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, signal);
  } finally {
    // The reason, in place of the timer's own error.
    signal.throwIfAborted();
  }
}

/** One HTTP request. What came before it broke off is an answer; where nothing came it is a failure. */
async function attempt(
  { transport, target, timeouts, wait, clock }: ChatContext,
  request: ModelRequest,
  parameters: object,
  numbers: readonly number[],
  signal: AbortSignal,
  emit: Emit,
): Promise<ChatAnswer | Failure> {
  const deadline = new Deadline(signal, timeouts, wait);
  const collector = new AnswerCollector((choice, text) => {
    const index = numbers[choice];
    if (index !== undefined) emit({ kind: 'text', index, text });
  });
  let failure: Failure | undefined;
  try {
    const body = {
      model: target.model,
      messages: [...request.messages],
      stream: true as const,
      ...parameters,
    };
    emit({ kind: 'request' });
    signal.throwIfAborted();
    const { data, response } = await transport.chat.completions
      .create(body, { signal: deadline.signal })
      .withResponse();
    if (/\bjson\b/.test(response.headers.get('content-type') ?? '')) {
      collector.add(await response.json());
    } else {
      for await (const chunk of data) {
        deadline.touch();
        collector.add(chunk);
      }
    }
  } catch (error) {
    failure = failureOf(error, clock.now());
  } finally {
    deadline.close();
  }
  signal.throwIfAborted();
  if (deadline.passed !== null) failure = { kind: 'timeout', limit: deadline.passed };

  const answers = [...collector.answers()].filter(([choice]) => choice < numbers.length);
  if (answers.length === 0)
    return failure ?? { kind: 'garbage', text: 'the stream ends without a completion' };
  return {
    answers: new Map(answers.map(([choice, answer]) => [numbers[choice]!, answer])),
    usage: collector.usage,
    whole: failure === undefined,
  };
}
