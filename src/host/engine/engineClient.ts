import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { EngineEvent, ParamsOf, RequestMethod, ResultOf } from '../../protocol/engine.ts';
import type { Engine, EngineState } from '../feature.ts';
import { commands } from '../ids.ts';
import { onSettingChange } from '../settings.ts';
import { EngineStopped, EngineUnavailable } from './errors.ts';
import { RestartSchedule } from './restartSchedule.ts';
import type { ServerModels } from './serverModels.ts';
import { ServerSession } from './serverSession.ts';
import { requireTrust } from './trust.ts';

export interface EngineClientOptions {
  readonly extensionUri: vscode.Uri;
  /** Where the native parts are, or will be once they are built. */
  readonly nativeFolder: () => string;
  readonly log: vscode.LogOutputChannel;
  readonly models: ServerModels;
}

/** The engine server over its life times: it is started when it is needed and trusted, and again when it crashes. */
export class EngineClient implements Engine, vscode.Disposable {
  readonly #options: EngineClientOptions;
  readonly #onState = new vscode.EventEmitter<EngineState>();
  readonly #onEvent = new vscode.EventEmitter<EngineEvent>();
  readonly onState = this.#onState.event;
  readonly onEvent = this.#onEvent.event;
  readonly #schedule = new RestartSchedule();
  readonly #subscriptions: vscode.Disposable[];
  #state: EngineState = 'stopped';
  #session: ServerSession | undefined;
  #starting: Promise<ServerSession> | undefined;
  /** Aborted when the server is stopped on purpose. */
  #life = new AbortController();
  /** Why it is not started any more. */
  #refusal: EngineUnavailable | undefined;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    const whenAllowed = (): void => this.startWhenAllowed();
    this.#subscriptions = [
      this.#onState,
      this.#onEvent,
      vscode.workspace.onDidGrantWorkspaceTrust(whenAllowed),
      vscode.workspace.onDidChangeWorkspaceFolders(whenAllowed),
    ];
  }

  get state(): EngineState {
    return this.#state;
  }

  /** The server's process, while there is one. */
  get pid(): number | undefined {
    return this.#session?.pid;
  }

  /** Starts the server in the background in a trusted window with a folder on disk. */
  startWhenAllowed(): void {
    const onDisk = vscode.workspace.workspaceFolders?.some(({ uri }) => uri.scheme === 'file') ?? false;
    if (!vscode.workspace.isTrusted || !onDisk) return;
    this.#running().catch((error: unknown) => this.#options.log.error(String(error)));
  }

  async request<M extends RequestMethod>(
    method: M,
    params: ParamsOf<M>,
    token?: vscode.CancellationToken,
  ): Promise<ResultOf<M>> {
    const session = await unlessCancelled(this.#running(), token);
    return session.request(method, params, token);
  }

  async restart(): Promise<void> {
    requireTrust();
    this.#life.abort();
    this.#life = new AbortController();
    const session = this.#session;
    this.#session = undefined;
    this.#starting = undefined;
    this.#refusal = undefined;
    this.#schedule.reset();
    this.#setState('starting');
    await session?.stop();
    await this.#running();
  }

  dispose(): void {
    this.#refusal = new EngineUnavailable('the extension is being deactivated', 'disposed');
    this.#life.abort();
    // The process ends when its input closes, should the extension host not live to see it.
    void this.#session?.stop();
    this.#session = undefined;
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** The session, once it runs. */
  async #running(): Promise<ServerSession> {
    if (this.#session !== undefined) return this.#session;
    if (this.#refusal !== undefined) throw this.#refusal;
    requireTrust();
    this.#starting ??= this.#start(0, this.#life.signal);
    return this.#starting;
  }

  /** Starts until it works, the schedule is at its end, or the signal says to leave it. */
  async #start(firstDelayMs: number, signal: AbortSignal): Promise<ServerSession> {
    const { extensionUri, nativeFolder, log, models } = this.#options;
    this.#setState('starting');
    for (let delayMs: number | undefined = firstDelayMs; delayMs !== undefined; ) {
      if (delayMs > 0) await wait(delayMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw new EngineStopped();
      const started = performance.now();
      try {
        const onEvent = (event: EngineEvent): void => this.#onEvent.fire(event);
        const session = await ServerSession.start({
          extensionUri,
          nativeFolder: nativeFolder(),
          log,
          models,
          onEvent,
        });
        if (signal.aborted) {
          await session.stop();
          throw new EngineStopped();
        }
        log.info(`engine server ${session.pid} runs after ${Math.round(performance.now() - started)} ms`);
        void session.ended.then((how) => this.#ended(session, how));
        this.#session = session;
        this.#starting = undefined;
        this.#setState('running');
        return session;
      } catch (error) {
        if (signal.aborted) throw new EngineStopped();
        log.error(
          `the engine server did not start: ${error instanceof Error ? error.message : String(error)}`,
        );
        if (error instanceof EngineUnavailable) throw this.#giveUp(error);
        delayMs = this.#schedule.next(performance.now());
      }
    }
    throw this.#giveUp(crashes());
  }

  /** A session's process has ended. */
  #ended(session: ServerSession, how: string): void {
    // Stopped on purpose.
    if (this.#session !== session) return;
    this.#session = undefined;
    const delayMs = this.#schedule.next(performance.now());
    const { log } = this.#options;
    if (delayMs === undefined) {
      log.error(`the engine server ended (${how}) for the ${this.#schedule.failures}th time in a row`);
      this.#giveUp(crashes());
      return;
    }
    log.error(`the engine server ended (${how}); it is started again in ${delayMs / 1000} s`);
    this.#starting = this.#start(delayMs, this.#life.signal);
    // Those who need the server get the reason themselves.
    this.#starting.catch(() => undefined);
  }

  /** Leaves the server stopped until someone restarts it, and says so. */
  #giveUp(why: EngineUnavailable): EngineUnavailable {
    this.#refusal = why;
    this.#starting = undefined;
    this.#setState('stopped');
    void this.#offer(why);
    return why;
  }

  async #offer(why: EngineUnavailable): Promise<void> {
    const showLog = vscode.l10n.t('Show Log');
    const wayOn = why.reason === 'version' ? vscode.l10n.t('Reload Window') : vscode.l10n.t('Restart');
    const answer = await vscode.window.showErrorMessage(why.message, wayOn, showLog);
    if (answer === showLog) this.#options.log.show(true);
    if (answer !== wayOn) return;
    await vscode.commands.executeCommand(
      why.reason === 'version' ? 'workbench.action.reloadWindow' : commands.restartServer,
    );
  }

  #setState(state: EngineState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState.fire(state);
  }
}

function crashes(): EngineUnavailable {
  return new EngineUnavailable(
    vscode.l10n.t('The engine server ended several times in a row and is not started again by itself.'),
    'crashes',
  );
}

/** The work's outcome, or a CancellationError as soon as the token says so. */
function unlessCancelled<T>(work: Promise<T>, token: vscode.CancellationToken | undefined): Promise<T> {
  if (token === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    if (token.isCancellationRequested) reject(new vscode.CancellationError());
    const listener = token.onCancellationRequested(() => reject(new vscode.CancellationError()));
    work.then(resolve, reject).finally(() => listener.dispose());
  });
}

/** Restarts the server when what it was started with has changed, and no run would be lost by it. */
export function restartOnSettings(
  engine: Engine,
  isBusy: () => boolean,
  onIdle: vscode.Event<unknown>,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  let due = false;
  const restart = (): void => {
    if (!due || isBusy()) return;
    due = false;
    if (engine.state === 'stopped') return;
    log.info('the compiler or the cache folder was changed: the engine server is started again');
    engine.restart().catch((error: unknown) => log.error(String(error)));
  };
  return vscode.Disposable.from(
    onSettingChange(['compiler', 'cacheFolder'], () => {
      due = true;
      restart();
    }),
    onIdle(restart),
  );
}
