import { type ClientCapabilities, CodeLensRequest, LanguageClient, State } from 'vscode-languageclient/node';

export {
  CloseAction,
  CodeLensRefreshRequest,
  CodeLensRequest,
  ErrorAction,
  ResponseError,
  RevealOutputChannelOn,
  Trace,
} from 'vscode-languageclient/node';

type Feature = Parameters<LanguageClient['registerFeature']>[0];

/** Says that the server may have lenses asked for again; asking is `registerLenses`' part. */
const refreshedLenses: Feature = {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.workspace = { ...capabilities.workspace, codeLens: { refreshSupport: true } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};

/**
 * A language client that speaks through the log alone: what is worth a notification is said by the host, once and with
 * a way on. Its messages are traced at the level `info`, so that the setting `annsmith.trace.server` alone decides.
 */
export class AnnsmithClient extends LanguageClient {
  /** The library's lenses begin when the server has greeted; the host's own are there from activation on. */
  override registerFeature(feature: Feature): void {
    const isLenses =
      'registrationType' in feature && feature.registrationType?.method === CodeLensRequest.method;
    super.registerFeature(isLenses ? refreshedLenses : feature);
  }

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
