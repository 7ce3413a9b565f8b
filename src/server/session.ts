import {
  CodeLensRefreshRequest,
  type Connection,
  type InitializeParams,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import { errorText } from '../engine/errors.ts';
import { type CppSyntaxTrees, createCppSyntax } from '../engine/module/cppSyntax.ts';
import { hasManifest } from '../engine/module/workspace.ts';
import { PolicyStore } from '../engine/policyStore.ts';
import type { Logger } from '../engine/ports.ts';
import { type EngineEvent, eventMethod, type ModuleOverview } from '../protocol/engine.ts';
import { BackgroundBenchmark } from './backgroundBenchmark.ts';
import { Jobs } from './jobs.ts';
import { Diagnostics } from './language/diagnostics.ts';
import { DocumentRegions } from './language/documentRegions.ts';
import { type Root, Roots } from './roots.ts';
import { Settings } from './settings.ts';
import { moduleOverviews } from './views/overview.ts';
import { type Touched, Watch } from './watch.ts';

/** Everything that belongs to one client: its folders, what is known of them, and the work that goes on for it. */
export class Session {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly documents = new TextDocuments(TextDocument);
  readonly roots: Roots;
  readonly settings: Settings;
  readonly jobs: Jobs;
  readonly policies: PolicyStore;
  readonly regions: DocumentRegions;
  readonly diagnostics: Diagnostics;
  readonly background: BackgroundBenchmark;
  readonly watch: Watch;
  /** Set where lenses can be asked for again. */
  canRefreshLenses = false;
  /** Set once the client has asked for lenses. */
  areLensesAsked = false;
  #syntax: Promise<CppSyntaxTrees> | undefined;
  #folders: Promise<unknown> = Promise.resolve();
  /** Roots that were looked at as a whole. */
  readonly #opened = new WeakMap<Root, Promise<void>>();
  readonly #facts = new Map<Root, readonly ModuleOverview[]>();
  readonly #announcedLedger = new Map<Root, number>();

  constructor(connection: Connection) {
    this.connection = connection;
    this.logger = clientLogger(connection);
    this.roots = new Roots(() => this.syntax());
    this.settings = new Settings(connection);
    this.jobs = new Jobs((event) => this.send(event), this.logger);
    this.policies = new PolicyStore(this.jobs.services.clock);
    this.regions = new DocumentRegions(this.roots, () => this.syntax());
    this.diagnostics = new Diagnostics(connection, this.documents, () => this.syntax());
    this.watch = new Watch((root, touched) => this.inBackground(this.look(root, touched)));
    this.background = new BackgroundBenchmark({
      jobs: this.jobs,
      settings: this.settings,
      syntax: () => this.syntax(),
      logger: this.logger,
      report: async (root, results) => {
        this.diagnostics.setResults(root, results);
        await this.diagnostics.update(root);
        await this.reread(root);
      },
    });
    this.jobs.onActivity = (path) => this.watch.touch(this.roots.of(path), { ledger: true });
    this.jobs.beforeMeasuring = () => this.background.pause();
    this.jobs.afterMeasuring = () => this.background.resume();
  }

  /** The C++ grammar, loaded on first use. */
  syntax(): Promise<CppSyntaxTrees> {
    this.#syntax ??= createCppSyntax();
    return this.#syntax;
  }

  send(event: EngineEvent): void {
    void this.connection.sendNotification(eventMethod, event);
  }

  /** Work that nobody waits for. */
  inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : errorText(error));
    });
  }

  /** Resolves once the folders of the window have been looked through. */
  get ready(): Promise<unknown> {
    return this.#folders;
  }

  openFolders({ workspaceFolders, rootUri }: Pick<InitializeParams, 'workspaceFolders' | 'rootUri'>): void {
    const uris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri == null ? [] : [rootUri]);
    this.changeFolders(uris, []);
  }

  changeFolders(added: readonly string[], removed: readonly string[]): void {
    for (const folder of onDisk(removed)) {
      for (const root of this.roots.remove(folder)) this.#forget(root);
    }
    const opened = Promise.all(onDisk(added).map((folder) => this.roots.add(folder)));
    this.#folders = Promise.all([this.#folders, opened]);
    this.inBackground(opened.then((roots) => Promise.all(roots.flat().map((root) => this.#open(root)))));
  }

  /** First look at a root as a whole, once; a folder without a manifest waits until it has one. */
  async #open(root: Root): Promise<void> {
    if (!(await hasManifest(root.path))) return;
    const known = this.#opened.get(root);
    const opened = known ?? this.#lookFirst(root);
    this.#opened.set(root, opened);
    await opened.catch((error: unknown) => {
      // Tried again at the next look.
      this.#opened.delete(root);
      throw error;
    });
  }

  async #lookFirst(root: Root): Promise<void> {
    await root.index.state();
    await root.ledger.records();
    this.#announcedLedger.set(root, root.ledger.version);
    await Promise.all([this.updateFacts(root), this.diagnostics.update(root)]);
    this.inBackground(this.background.prepare(root));
  }

  #forget(root: Root): void {
    this.#facts.delete(root);
    this.#announcedLedger.delete(root);
    this.diagnostics.forget(root);
  }

  /** What of a root has changed, once changes have paused. */
  async look(root: Root, { index, ledger, saved }: Touched): Promise<void> {
    if (index) await this.reindex(root);
    if (ledger) await this.reread(root);
    if (saved) await this.background.saved(root);
  }

  /** Reads what was saved since; tells the client where it makes a difference. */
  async reindex(root: Root): Promise<void> {
    const isOther = await root.index.refresh();
    await this.#open(root);
    if (!isOther) return;
    this.logger.debug(`${root.path}: read again`);
    // What a benchmark said of it was said of other code.
    this.diagnostics.setResults(root, []);
    this.send({ kind: 'changed', root: root.path, what: 'workspace' });
    await Promise.all([this.updateFacts(root), this.diagnostics.update(root)]);
  }

  /** Reads what was logged since. */
  async reread(root: Root): Promise<void> {
    await root.ledger.records();
    const { version } = root.ledger;
    if (this.#announcedLedger.get(root) === version) return;
    this.#announcedLedger.set(root, version);
    this.send({ kind: 'changed', root: root.path, what: 'ledger' });
    await this.updateFacts(root);
  }

  /** What is known of the modules of a root, as far as it has been read. */
  factsOf(root: Root): readonly ModuleOverview[] {
    return this.#facts.get(root) ?? [];
  }

  async updateFacts(root: Root): Promise<void> {
    const state = await root.index.state();
    const facts =
      state.kind === 'ready'
        ? await moduleOverviews(root.path, state.workspace, await root.ledger.records())
        : [];
    const before = JSON.stringify(this.#facts.get(root)?.map(lensFacts) ?? []);
    this.#facts.set(root, facts);
    if (JSON.stringify(facts.map(lensFacts)) !== before) this.refreshLenses();
  }

  /** Has the client ask again for what it has asked; an editor that is told so before asks only later. */
  refreshLenses(): void {
    if (!this.canRefreshLenses || !this.areLensesAsked) return;
    // A client that is leaving does not answer.
    this.connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined);
  }

  /** Cuts off all work; a run that is cut off can be resumed. */
  async stop(): Promise<void> {
    this.watch.dispose();
    await Promise.all([this.jobs.interrupt(graceMs), this.background.stop()]);
  }
}

/** How long work may take to end when the server is asked to. */
const graceMs = 1500;

/** What a lens shows; regions are found in the document's own text. */
function lensFacts({ module, measured, best }: ModuleOverview): unknown {
  return { module, measured, best };
}

function onDisk(uris: readonly string[]): string[] {
  return uris
    .map((uri) => URI.parse(uri))
    .filter(({ scheme }) => scheme === 'file')
    .map(({ fsPath }) => fsPath);
}

function clientLogger({ console: log }: Connection): Logger {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
  };
}
