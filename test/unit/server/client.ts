/** The engine server as an editor meets it: a child process that speaks JSON-RPC over stdio. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  type CancellationToken,
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { Diagnostic, InitializeResult } from 'vscode-languageserver/node';
import { URI } from 'vscode-uri';
import {
  type EngineEvent,
  engineProtocolVersion,
  eventMethod,
  type ParamsOf,
  type RequestMethod,
  type ResultOf,
} from '../../../src/protocol/engine.ts';

export const server = join(import.meta.dirname, '..', '..', '..', 'src', 'server', 'main.ts');

export interface ClientOptions {
  readonly folders: readonly string[];
  readonly protocol?: number;
  readonly settings?: Record<string, unknown>;
  readonly env?: Record<string, string>;
}

export class ServerClient {
  readonly child: ChildProcess;
  readonly #connection: MessageConnection;
  readonly events: EngineEvent[] = [];
  readonly log: string[] = [];
  settings: Record<string, unknown>;
  readonly #diagnostics = new Map<string, Diagnostic[]>();
  /** How often the server has asked for lenses to be drawn again. */
  lensRefreshes = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(options: ClientOptions) {
    this.settings = options.settings ?? {};
    this.child = spawn(process.execPath, [server], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    this.child.stderr?.on('data', (chunk: Buffer) => this.log.push(chunk.toString()));
    this.#connection = createMessageConnection(
      new StreamMessageReader(this.child.stdout!),
      new StreamMessageWriter(this.child.stdin!),
    );
    this.#connection.onError(() => undefined);
    this.#connection.onNotification(eventMethod, (event: EngineEvent) => {
      this.events.push(event);
      this.#wake();
    });
    this.#connection.onNotification('window/logMessage', ({ message }: { message: string }) => {
      this.log.push(message);
    });
    this.#connection.onNotification(
      'textDocument/publishDiagnostics',
      ({ uri, diagnostics }: { uri: string; diagnostics: Diagnostic[] }) => {
        this.#diagnostics.set(URI.parse(uri).fsPath, diagnostics);
        this.#wake();
      },
    );
    this.#connection.onRequest('workspace/configuration', ({ items }: { items: unknown[] }) =>
      items.map(() => this.settings),
    );
    this.#connection.onRequest('client/registerCapability', () => null);
    this.#connection.onRequest('workspace/codeLens/refresh', () => {
      this.lensRefreshes++;
      this.#wake();
      return null;
    });
    this.child.once('exit', () => this.#wake());
    this.#connection.listen();
  }

  /** Starts a server and shakes hands. */
  static async start(options: ClientOptions): Promise<{ client: ServerClient; answer: InitializeResult }> {
    const client = new ServerClient(options);
    const answer = await client
      .send<InitializeResult>('initialize', {
        processId: process.pid,
        rootUri: null,
        workspaceFolders: options.folders.map((path) => ({ uri: uriOf(path), name: path })),
        capabilities: {
          workspace: {
            configuration: true,
            workspaceFolders: true,
            didChangeConfiguration: { dynamicRegistration: true },
            didChangeWatchedFiles: { dynamicRegistration: true },
            codeLens: { refreshSupport: true },
          },
        },
        initializationOptions: { protocol: options.protocol ?? engineProtocolVersion },
      })
      .catch(async (error: unknown) => {
        client.kill();
        throw error;
      });
    client.notify('initialized', {});
    return { client, answer };
  }

  send<T>(method: string, params: unknown, token?: CancellationToken): Promise<T> {
    // A token that is not there would count as a parameter.
    return token === undefined
      ? this.#connection.sendRequest(method, params)
      : this.#connection.sendRequest(method, params, token);
  }

  request<M extends RequestMethod>(
    method: M,
    params: ParamsOf<M>,
    token?: CancellationToken,
  ): Promise<ResultOf<M>> {
    return this.send(method, params, token);
  }

  notify(method: string, params: unknown): void {
    void this.#connection.sendNotification(method, params);
  }

  open(path: string, text: string, languageId = 'cpp'): void {
    this.notify('textDocument/didOpen', { textDocument: { uri: uriOf(path), languageId, version: 1, text } });
  }

  change(path: string, version: number, text: string): void {
    this.notify('textDocument/didChange', {
      textDocument: { uri: uriOf(path), version },
      contentChanges: [{ text }],
    });
  }

  watched(...paths: string[]): void {
    this.notify('workspace/didChangeWatchedFiles', {
      changes: paths.map((path) => ({ uri: uriOf(path), type: 2 })),
    });
  }

  diagnosticsOf(path: string): readonly Diagnostic[] {
    return this.#diagnostics.get(path) ?? [];
  }

  changes(what: 'workspace' | 'ledger'): number {
    return this.events.filter((event) => event.kind === 'changed' && event.what === what).length;
  }

  /** Resolves once the condition holds; looked at whenever the server says something. Rejects when it ends. */
  async until<T>(condition: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = condition();
      if (value !== undefined && value !== false) return value;
      if (this.child.exitCode !== null) throw new Error(`the server ended: ${this.log.join('\n')}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** As an editor ends it. */
  async stop(): Promise<number | null> {
    const exited = once(this.child, 'exit');
    await this.send('shutdown', undefined);
    this.notify('exit', undefined);
    const [code] = await exited;
    this.#connection.dispose();
    return code as number | null;
  }

  kill(): void {
    this.child.kill('SIGKILL');
    this.#connection.dispose();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function uriOf(path: string): string {
  return URI.file(path).toString();
}
