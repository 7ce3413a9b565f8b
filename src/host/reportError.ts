import * as vscode from 'vscode';
import { EngineError, EngineUnavailable } from './engine/errors.ts';

/**
 * Says in a notification what went wrong and what to do next; the log has the details. Cancelled work is no error.
 * `ways` are offered beside "Show Log"; the answer is the one that was chosen.
 */
export async function reportError(
  log: vscode.LogOutputChannel,
  error: unknown,
  ...ways: readonly string[]
): Promise<string | undefined> {
  if (error instanceof vscode.CancellationError) return undefined;
  const known = error instanceof EngineError || error instanceof EngineUnavailable;
  log.error(!known && error instanceof Error ? error : errorLine(error));
  const showLog = vscode.l10n.t('Show Log');
  const answer = await vscode.window.showErrorMessage(errorLine(error), ...ways, showLog);
  if (answer === showLog) log.show(true);
  return answer === showLog ? undefined : answer;
}

/** What went wrong and what to do next, for a page. */
export function explained(error: unknown): { readonly message: string; readonly fix: string | null } {
  if (error instanceof EngineError) return { message: error.message, fix: error.fix };
  return { message: errorLine(error), fix: null };
}

/** What went wrong and what to do next, in one line. */
export function errorLine(error: unknown): string {
  if (error instanceof EngineError) return `${sentence(error.message)} ${sentence(error.fix)}`;
  return sentence(error instanceof Error ? error.message : String(error));
}

function sentence(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, ' ');
  const first = line.charAt(0).toUpperCase();
  return /[.!?:]$/.test(line) ? first + line.slice(1) : `${first}${line.slice(1)}.`;
}
