import { CancellationTokenSource, type Connection, ResponseError } from 'vscode-languageserver/node';
import { UserError } from '../engine/errors.ts';
import {
  type ReverseMethod,
  type ReverseParamsOf,
  type ReverseResultOf,
  reverseResults,
  userErrorSchema,
} from '../protocol/engine.ts';
import type { CompleteOptions, ModelClient, ModelCompletion, ModelRequest } from '../protocol/model.ts';

/** Asks the editor for something; its answer is checked. */
export async function askEditor<M extends ReverseMethod>(
  connection: Connection,
  method: M,
  params: ReverseParamsOf<M>,
  signal?: AbortSignal,
): Promise<ReverseResultOf<M>> {
  const source = new CancellationTokenSource();
  const cancel = (): void => source.cancel();
  signal?.addEventListener('abort', cancel);
  try {
    signal?.throwIfAborted();
    const answer: unknown = await connection.sendRequest(method, params, source.token);
    return reverseResults[method].parse(answer) as ReverseResultOf<M>;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    source.dispose();
  }
}

/** Tokens where the model does not count them. */
const charactersPerToken = 4;

/**
 * A model `VENDOR/FAMILY` that the editor offers (`vscode.lm`), asked through it. It says nothing of tokens and takes no
 * seed. Its endpoint is its vendor's: leave to send code to one vendor says nothing of another.
 */
export function createEditorModel(connection: Connection, model: string): ModelClient {
  const id = `vscode:${model}`;
  return {
    id,
    endpoint: `vscode.lm/${model.split('/', 1)[0]}`,
    dropped: ['seed', 'logprobs'],
    complete: (request, options) => complete(connection, { id, model }, request, options ?? {}),
  };
}

async function* complete(
  connection: Connection,
  { id, model }: { readonly id: string; readonly model: string },
  { messages, n, temperature, maxTokens }: ModelRequest,
  { signal, onEvent }: CompleteOptions,
): AsyncGenerator<ModelCompletion> {
  const params = { model, messages: messages.map((message) => ({ ...message })), n, temperature, maxTokens };
  // One request carries all, and the editor sends the prompt once for each.
  for (let i = 0; i < n; ++i) onEvent?.({ kind: 'request' });
  const { completions, promptTokens } = await askEditor(connection, 'annsmith/sample', params, signal).catch(
    (error: unknown) => {
      throw error instanceof ResponseError ? refused(id, error.message, error.data) : error;
    },
  );
  if (completions.length === 0) throw refused(id, 'it gave no completion');
  const length = messages.reduce((sum, { content }) => sum + content.length, 0);
  for (const [index, { text, finish, tokens }] of completions.entries()) {
    onEvent?.({ kind: 'text', index, text });
    yield {
      text,
      finish,
      tokenIds: [],
      logprobs: [],
      usage: {
        // The prompt was sent once for each.
        promptTokens: promptTokens ?? Math.ceil(length / charactersPerToken),
        completionTokens: tokens ?? Math.ceil(text.length / charactersPerToken),
        requests: 1,
        cost: null,
      },
    };
  }
}

function refused(id: string, message: string, data?: unknown): UserError {
  const said = userErrorSchema.safeParse(data);
  return new UserError(
    said.success ? said.data.code : 'model-refused',
    `${id}: ${message}`,
    said.success ? said.data.fix : 'Choose another model in the Policy view.',
  );
}
