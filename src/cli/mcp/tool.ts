import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { CallToolResult, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { errorText, isAbort, UserError } from '../../engine/errors.ts';
import type { CppSyntaxTrees } from '../../engine/module/cppSyntax.ts';
import type { Services } from '../../engine/ports.ts';
import { type ProgressNotes, progressNotes } from './progress.ts';

/** What the tools of a server share. */
export interface ToolContext {
  readonly services: Services;
  /** Aborted when the server leaves. */
  readonly signal: AbortSignal;
  /** The workspace's folder. @throws UserError where there is none. */
  root(): string;
  syntax(): Promise<CppSyntaxTrees>;
  /** Runs work that times something alone, in the order of the calls. */
  alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** One call of a tool: services that report to its caller, and its cancellation. */
export interface ToolCall {
  readonly services: Services;
  readonly signal: AbortSignal;
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** An answer for programs and one for readers. */
export function answer(structuredContent: object, text: string): CallToolResult {
  return {
    structuredContent: structuredContent as Record<string, unknown>,
    content: [{ type: 'text', text }],
  };
}

/** Makes work a tool's handler: with progress for callers that want it, and errors as results that say what to do. */
export function handler<A>(
  { services, signal }: Pick<ToolContext, 'services' | 'signal'>,
  work: (input: A, call: ToolCall) => Promise<CallToolResult>,
): (input: A, extra: Extra) => Promise<CallToolResult> {
  return async (input, extra) => {
    const notes = notesFor(extra);
    const reporter: Services['reporter'] = {
      progress: (event) => {
        services.reporter.progress(event);
        notes?.tell(event);
      },
    };
    try {
      return await work(input, {
        services: { ...services, reporter },
        signal: AbortSignal.any([signal, extra.signal]),
      });
    } catch (error) {
      return failure(error, services);
    } finally {
      notes?.end();
    }
  };
}

function notesFor({ _meta, sendNotification }: Extra): ProgressNotes | undefined {
  const token = _meta?.progressToken;
  if (token === undefined) return undefined;
  return progressNotes((progress, message) => {
    // A client that is gone needs to be told nothing.
    void sendNotification({
      method: 'notifications/progress',
      params: { progressToken: token, progress, message },
    }).catch(() => undefined);
  });
}

function failure(error: unknown, { logger }: Pick<Services, 'logger'>): CallToolResult {
  const told = (text: string): CallToolResult => ({ isError: true, content: [{ type: 'text', text }] });
  if (isAbort(error)) return told('Cancelled.');
  if (error instanceof UserError) {
    return told(`${error.message}\nWhat to do: ${error.fix}\n(${error.code})`);
  }
  logger.error(
    `a bug in annsmith: ${error instanceof Error ? (error.stack ?? error.message) : errorText(error)}`,
  );
  return told(
    `A bug in annsmith: ${errorText(error)}\nWhat to do: tell the user; the server's log has the details.`,
  );
}
