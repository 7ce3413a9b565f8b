import type { CancellationToken } from 'vscode';
import {
  engineErrorCode,
  type ReverseMethod,
  type ReverseParamsOf,
  type ReverseResultOf,
  reverseParams,
  type UserErrorData,
} from '../../protocol/engine.ts';
import { Refusal } from './refusal.ts';

/** What the editor does for the server. A Refusal is handed over as what the user can put right. */
export type ServerAnswers = {
  readonly [M in ReverseMethod]: (
    params: ReverseParamsOf<M>,
    token: CancellationToken,
  ) => Promise<ReverseResultOf<M>>;
};

/** The part of a language client that is needed. */
export interface Listener {
  onRequest(
    method: string,
    handler: (params: unknown, token: CancellationToken) => Promise<unknown>,
  ): { dispose(): void };
}

/** The protocol's error, which the client's library makes: that library is loaded after the extension. */
export type ErrorResponse = new (code: number, message: string, data?: UserErrorData) => Error;

const invalidParams = -32602;
const methods = Object.keys(reverseParams) as readonly ReverseMethod[];

/** Answers every request of the server, checking what it says. */
export function answerServer(client: Listener, answers: ServerAnswers, Response: ErrorResponse): void {
  for (const method of methods) {
    client.onRequest(method, (params, token) => answer(method, params, token, answers, Response));
  }
}

async function answer<M extends ReverseMethod>(
  method: M,
  params: unknown,
  token: CancellationToken,
  answers: ServerAnswers,
  Response: ErrorResponse,
): Promise<ReverseResultOf<M>> {
  const checked = reverseParams[method].safeParse(params);
  if (!checked.success) throw new Response(invalidParams, `${method}: ${checked.error.issues[0]!.message}`);
  try {
    return await answers[method](checked.data as ReverseParamsOf<M>, token);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, fix } = error;
    throw new Response(engineErrorCode, message, { code, fix });
  }
}
