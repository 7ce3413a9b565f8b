import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { DocumentSelector, LanguageClientOptions } from 'vscode-languageclient/node';
import {
  type EngineEvent,
  engineProtocolVersion,
  eventMethod,
  type Handshake,
  type ParamsOf,
  type RequestMethod,
  type ResultOf,
} from '../../protocol/engine.ts';
import { answerServer } from '../policy/answerServer.ts';
import { onSettingChange, serverSettings, traceSetting } from '../settings.ts';
import type { AnnsmithClient } from './annsmithClient.ts';
import { parseEvent } from './engineEvent.ts';
import { EngineStopped, EngineUnavailable } from './errors.ts';
import { misfit } from './handshake.ts';
import { type ModelEnvironment, serverEnvironment } from './serverEnvironment.ts';
import type { ServerModels } from './serverModels.ts';
import { ServerProcess } from './serverProcess.ts';
import { translateError } from './translateError.ts';

export interface SessionOptions {
  readonly extensionUri: vscode.Uri;
  readonly nativeFolder: string;
  readonly log: vscode.LogOutputChannel;
  readonly models: ServerModels;
  readonly onEvent: (event: EngineEvent) => void;
}

/** Files the language features are about; only those on disk. */
const documents: DocumentSelector = [
  { scheme: 'file', language: 'cpp' },
  { scheme: 'file', language: 'c' },
  { scheme: 'file', pattern: '**/annsmith.json' },
];

/**
 * The language client, by far the largest part of the extension. It is loaded while the server's process starts, in a
 * turn of its own, so that neither activation nor the server waits for it.
 */
async function loadClient(): Promise<ClientLibrary> {
  await nextTurn();
  return import('./annsmithClient.ts');
}

type ClientLibrary = typeof import('./annsmithClient.ts');

/** One server process with its connection, from its start to its end. It is never started again. */
export class ServerSession {
  /** Resolves when the process has ended, asked or not, with a word about how. */
  readonly ended: Promise<string>;
  readonly #process: ServerProcess;
  readonly #library: ClientLibrary;
  readonly #client: AnnsmithClient;
  readonly #waiting = new Set<(error: Error) => void>();
  #subscription: vscode.Disposable | undefined;
  #hasEnded = false;

  /** Starts a server and waits for its greeting. @throws EngineUnavailable where its version does not fit. */
  static async start(options: SessionOptions): Promise<ServerSession> {
    const models = options.models.environment();
    // Without a key to be fetched, the process starts in this very turn.
    const server = startProcess(options, models instanceof Promise ? await models : models);
    const library = await loadClient().catch(async (error: unknown) => {
      await server.end();
      throw error;
    });
    const session = new ServerSession(options, server, library);
    try {
      await session.#greet();
      return session;
    } catch (error) {
      await session.stop();
      throw error;
    }
  }

  private constructor(
    { log, models, onEvent }: SessionOptions,
    server: ServerProcess,
    library: ClientLibrary,
  ) {
    this.#process = server;
    this.#library = library;
    const { AnnsmithClient, CloseAction, ErrorAction, RevealOutputChannelOn } = library;
    const hello: Handshake = { protocol: engineProtocolVersion };
    const options: LanguageClientOptions = {
      documentSelector: documents,
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: hello,
      initializationFailedHandler: () => false,
      // Crashes are dealt with above: by a new process and a new session.
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({
          action: CloseAction.DoNotRestart,
          handled: true,
          message: 'the connection to the engine server was closed',
        }),
      },
      synchronize: { configurationSection: 'annsmith' },
    };
    const { child } = this.#process;
    this.#client = new AnnsmithClient(
      'annsmith',
      'Annsmith',
      async () => ({ reader: child.stdout, writer: child.stdin }),
      options,
    );
    this.#client.onNotification(eventMethod, (value: unknown) => {
      const event = parseEvent(value);
      if (event === undefined) log.warn(`not an event of the engine: ${JSON.stringify(value)}`);
      else onEvent(event);
    });
    answerServer(this.#client, models.answers, library.ResponseError);
    this.ended = this.#process.ended.then((how) => {
      this.#hasEnded = true;
      this.#subscription?.dispose();
      for (const reject of this.#waiting) reject(new EngineStopped());
      this.#waiting.clear();
      return how;
    });
  }

  /** The server's process, while it lives. */
  get pid(): number | undefined {
    return this.#hasEnded ? undefined : this.#process.child.pid;
  }

  async #greet(): Promise<void> {
    await this.#unlessEnded(this.#client.start());
    const other = misfit(this.#client.initializeResult?.capabilities.experimental);
    if (other !== undefined) {
      throw new EngineUnavailable(
        vscode.l10n.t(
          'The engine server speaks protocol {0}, the extension {1}: an update is half loaded. Reload the window.',
          String(other),
          engineProtocolVersion,
        ),
        'version',
      );
    }
    const { Trace } = this.#library;
    const levels = { off: Trace.Off, messages: Trace.Messages, verbose: Trace.Verbose } as const;
    const trace = (): void => void this.#client.setTrace(levels[traceSetting()]);
    trace();
    this.#subscription = onSettingChange('trace', trace);
  }

  async request<M extends RequestMethod>(
    method: M,
    params: ParamsOf<M>,
    token?: vscode.CancellationToken,
  ): Promise<ResultOf<M>> {
    try {
      // The client takes a token that is undefined for a parameter more.
      const last = token === undefined ? [] : [token];
      return await this.#unlessEnded(this.#client.sendRequest<ResultOf<M>>(method, params, ...last));
    } catch (error) {
      const meant = error instanceof EngineStopped ? error : translateError(error, vscode.l10n);
      throw meant === 'cancelled' ? new vscode.CancellationError() : meant;
    }
  }

  /** Asks the server to end, and sees to it. */
  async stop(): Promise<void> {
    await this.#client.stop().catch(() => undefined);
    await this.#process.end();
  }

  /** The work's outcome, or EngineStopped as soon as the process has ended. */
  #unlessEnded<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#hasEnded) reject(new EngineStopped());
      this.#waiting.add(reject);
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}

function startProcess(
  { extensionUri, nativeFolder, log }: SessionOptions,
  models: ModelEnvironment,
): ServerProcess {
  const script = vscode.Uri.joinPath(extensionUri, 'dist', 'server.mjs').fsPath;
  const environment = serverEnvironment(process.env, { ...serverSettings(), nativeFolder }, models);
  const server = new ServerProcess(script, environment, extensionUri.fsPath);
  createInterface({ input: server.child.stderr }).on('line', (line) => log.warn(`[server] ${line}`));
  return server;
}
