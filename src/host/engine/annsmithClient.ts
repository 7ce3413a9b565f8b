import { LanguageClient, State } from 'vscode-languageclient/node';

export {
  CloseAction,
  ErrorAction,
  ResponseError,
  RevealOutputChannelOn,
  Trace,
} from 'vscode-languageclient/node';

/**
 * A language client that speaks through the log alone: what is worth a notification is said by the host, once and with
 * a way on. Its messages are traced at the level `info`, so that the setting `annsmith.trace.server` alone decides.
 */
export class AnnsmithClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override trace(message: string, data?: unknown): void {
    this.outputChannel.info(data === undefined ? message : `${message}\n${String(data)}`);
  }

  /** A client that is not running has nothing to stop; the base class throws there. */
  override async stop(timeout?: number): Promise<void> {
    if (this.state === State.Running) await super.stop(timeout);
  }
}
