import {
  type CancellationToken,
  type Connection,
  ErrorCodes,
  LSPErrorCodes,
  ResponseError,
} from 'vscode-languageserver/node';
import * as z from 'zod';
import { errorText, isAbort, UserError } from '../engine/errors.ts';
import type { Logger } from '../engine/ports.ts';
import {
  type CheckedParamsOf,
  engineErrorCode,
  type RequestMethod,
  type ResultOf,
  requestParams,
} from '../protocol/engine.ts';

export type Handler<M extends RequestMethod> = (
  params: CheckedParamsOf<M>,
  token: CancellationToken,
) => Promise<ResultOf<M>>;

/** One handler per request of the engine protocol. */
export type Handlers = { readonly [M in RequestMethod]: Handler<M> };

/** Answers every engine request: parameters are checked here, errors become responses. */
export function answerRequests(connection: Connection, handlers: Handlers, logger: Logger): void {
  for (const method of Object.keys(requestParams) as RequestMethod[]) {
    answer(connection, method, handlers[method] as Handler<RequestMethod>, logger);
  }
}

function answer<M extends RequestMethod>(
  connection: Connection,
  method: M,
  handle: Handler<M>,
  logger: Logger,
): void {
  connection.onRequest(method as string, async (raw: unknown, token: CancellationToken): Promise<unknown> => {
    const parsed = requestParams[method].safeParse(raw ?? {});
    if (!parsed.success) {
      return new ResponseError(ErrorCodes.InvalidParams, `${method}: ${z.prettifyError(parsed.error)}`);
    }
    try {
      return await handle(parsed.data as CheckedParamsOf<M>, token);
    } catch (error) {
      return errorResponse(method, error, token, logger);
    }
  });
}

function errorResponse(
  method: string,
  error: unknown,
  token: CancellationToken,
  logger: Logger,
): ResponseError<unknown> {
  if (error instanceof ResponseError) return error;
  if (token.isCancellationRequested || isAbort(error)) return cancelled();
  if (error instanceof UserError) {
    return new ResponseError(engineErrorCode, error.message, { code: error.code, fix: error.fix });
  }
  logger.error(`${method}: ${error instanceof Error ? (error.stack ?? error.message) : errorText(error)}`);
  return new ResponseError(ErrorCodes.InternalError, `${method}: ${errorText(error)}`);
}

export function cancelled(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestCancelled, 'the request was cancelled');
}
