import * as vscode from 'vscode';
import type { CommandTarget, FeatureContext, Review } from '../feature.ts';
import { commands, contextKeys } from '../ids.ts';
import { pathInside } from '../pathInside.ts';
import { reportError } from '../reportError.ts';
import { AcceptedHunks } from './acceptedHunks.ts';
import { CandidateDocuments, isSame } from './candidateDocuments.ts';
import { chooseCandidate } from './chooseCandidate.ts';
import { cursorPlace, goToHunk, hunkAtCursor } from './cursor.ts';
import { HunkDecorations } from './hunkDecorations.ts';
import { HunkLenses } from './hunkLenses.ts';
import { HunkThreads } from './hunkThreads.ts';
import { ReviewMemory } from './memory.ts';
import { ReviewModel } from './reviewModel.ts';
import type { CandidateRef, Decisions, HunkRef, ReviewSession } from './session.ts';
import { Signals } from './signals.ts';
import { asCommandTarget, asHunkTarget, asLineTarget } from './target.ts';
import { acceptedText, refusedText } from './texts.ts';

type Dependencies = Pick<FeatureContext, 'extension' | 'log' | 'engine' | 'store'>;

const shownFor = 10_000;

/** The review of candidates in the user's own files, with its commands. */
export function createReview(deps: Dependencies): HunkReview {
  return new HunkReview(deps);
}

export class HunkReview implements Review, vscode.Disposable {
  readonly #deps: Dependencies;
  readonly #model = new ReviewModel();
  readonly #threads = new HunkThreads(this.#model);
  readonly #documents: CandidateDocuments;
  readonly #signals: Signals;
  readonly #accepted: AcceptedHunks;
  readonly #memory: ReviewMemory;
  readonly #subscriptions: vscode.Disposable;
  readonly #keys = new Map<string, boolean>();
  /** Commands come faster than edits are done: one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The review of the last window was looked for. */
  #isRestored = false;

  constructor(deps: Dependencies) {
    this.#deps = deps;
    const { workspaceState } = deps.extension;
    this.#documents = new CandidateDocuments(this.#model, deps.engine);
    this.#signals = new Signals(deps.engine, deps.log);
    this.#accepted = new AcceptedHunks(workspaceState);
    this.#memory = new ReviewMemory(workspaceState);
    const lenses = new HunkLenses(this.#model);
    this.#subscriptions = vscode.Disposable.from(
      this.#model,
      this.#threads,
      new HunkDecorations(this.#model),
      lenses,
      this.#documents,
      this.#model.onChange(() => this.#changed()),
      this.#model.onTransition(({ file, hunk, signal }) => this.#note(file, hunk, signal)),
      vscode.window.onDidChangeTextEditorSelection(() => this.#setKeys()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#setKeys()),
      vscode.workspace.onDidSaveTextDocument((document) => this.#saved(document)),
      deps.engine.onState(() => this.#restore()),
      ...this.#commands(),
    );
    this.#restore();
  }

  /** The review that is open, for who wants to look. */
  get session(): ReviewSession | undefined {
    return this.#model.session;
  }

  /** What is shown below the hunks, for who wants to look. */
  get threads(): readonly vscode.CommentThread[] {
    return this.#threads.threads;
  }

  /** Settles once commands are done and their signals are answered. */
  async settled(): Promise<void> {
    await this.#queue;
    await this.#signals.idle();
  }

  async open(root: string, run: string, candidate: string): Promise<void> {
    await this.#run(async () => {
      const session = await this.#start({ root, run, candidate });
      const { l10n } = vscode;
      const first = session.pending[0];
      if (first !== undefined) await goToHunk(this.#model, first);
      const refused = refusedText(session, l10n);
      if (refused !== undefined) void this.#warn(refused, session.ref);
      else if (first === undefined) this.#say(l10n.t('Your code has all of {0} already', candidate));
    });
  }

  /** Opens a review as well where none is open, so that hunks can be accepted from the diff. */
  async openDiff(root: string, run: string, candidate: string): Promise<void> {
    const ref = { root, run, candidate };
    await this.#run(async () => {
      const { session } = this.#model;
      const isFree = session === undefined || session.counts.pending === 0 || isSame(session.ref, ref);
      const same = session !== undefined && isSame(session.ref, ref) && session.counts.pending > 0;
      const shown = same ? session : isFree ? await this.#start(ref) : undefined;
      const change = shown?.change ?? (await this.#deps.engine.request('annsmith/change', ref));
      await this.#documents.openDiff(ref, change);
    });
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #commands(): vscode.Disposable[] {
    const on = (id: string, work: (argument: unknown) => Promise<void>): vscode.Disposable =>
      vscode.commands.registerCommand(id, work);
    const { store } = this.#deps;
    const choose = (argument: unknown): Promise<CandidateRef | undefined> =>
      chooseCandidate(asCommandTarget(argument), store);
    return [
      on(commands.reviewCandidate, async (argument) => {
        const ref = await choose(argument);
        if (ref !== undefined) await this.open(ref.root, ref.run, ref.candidate);
      }),
      on(commands.openDiff, async (argument) => {
        const { session } = this.#model;
        const target: CommandTarget = asCommandTarget(argument);
        const isOpen = target.run === undefined && session !== undefined && session.counts.pending > 0;
        const ref = isOpen ? session.ref : await choose(argument);
        if (ref !== undefined) await this.openDiff(ref.root, ref.run, ref.candidate);
      }),
      on(commands.acceptHunk, (argument) => this.#run(() => this.#accept(this.#named(argument)))),
      on(commands.rejectHunk, (argument) => this.#run(async () => this.#reject(this.#named(argument)))),
      on(commands.acceptAll, () => this.#run(() => this.#accept(this.session?.pending ?? []))),
      on(commands.rejectAll, () => this.#run(async () => this.#reject(this.session?.pending ?? []))),
      on(commands.nextHunk, () => this.#run(() => this.#go(1))),
      on(commands.previousHunk, () => this.#run(() => this.#go(-1))),
    ];
  }

  /** The hunk that an argument names, or else the one at the cursor. */
  #named(argument: unknown): readonly HunkRef[] {
    const found = this.#find(argument);
    if (found === undefined) this.#say(vscode.l10n.t('There is no pending hunk at the cursor'));
    return found === undefined ? [] : [found];
  }

  #find(argument: unknown): HunkRef | undefined {
    const { session } = this.#model;
    if (session === undefined) return undefined;
    const thread = this.#threads.hunkOf(argument);
    if (thread !== undefined) return thread;
    const target = asHunkTarget(argument);
    if (target !== undefined) {
      const file = this.#model.fileOf(vscode.Uri.parse(target.uri));
      return file && session.hunk(file.file, target.hunk);
    }
    const place = asLineTarget(argument);
    if (place !== undefined) return session.pendingAt(place.file, place.line - 1);
    return hunkAtCursor(this.#model);
  }

  async #accept(wanted: readonly HunkRef[]): Promise<void> {
    if (wanted.length === 0) return;
    const done = await this.#model.accept(wanted);
    for (const { file, index } of done) this.#note(file.file, file.hunks[index]!, 'accepted');
    const { l10n } = vscode;
    if (done.length > 0) {
      this.#say(`$(check) ${acceptedText(done.length, this.session?.counts.pending ?? 0, l10n)}`);
      return;
    }
    const refused = this.session && refusedText(this.session, l10n);
    if (refused !== undefined) void this.#warn(refused, this.session!.ref);
    else this.#say(l10n.t('The code has changed meanwhile; nothing was accepted'));
  }

  #reject(hunks: readonly HunkRef[]): void {
    const open = hunks.filter(({ file, index }) => file.decision(index) === 'open');
    this.#model.reject(open);
    for (const { file, index } of open) this.#note(file.file, file.hunks[index]!, 'rejected');
  }

  async #go(direction: 1 | -1): Promise<void> {
    const next = this.session?.neighbour(cursorPlace(this.#model), direction);
    if (next !== undefined) await goToHunk(this.#model, next);
  }

  /** Keeps what was accepted of the same candidate before: it is in the code, and can still be undone. */
  async #start(ref: CandidateRef): Promise<ReviewSession> {
    const change = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Annsmith: reading the candidate') },
      () => this.#deps.engine.request('annsmith/change', ref),
    );
    const before = this.#model.session;
    const known = before !== undefined && isSame(before.ref, ref) ? onlyAccepted(before.decisions) : {};
    return this.#model.start(ref, change, known);
  }

  /** Opens the last window's review again, once there is a server to ask; takes no focus. */
  #restore(): void {
    if (this.#isRestored || this.#deps.engine.state !== 'running') return;
    this.#isRestored = true;
    const remembered = this.#memory.read();
    if (remembered === undefined || this.#model.session !== undefined) return;
    const { ref, decisions } = remembered;
    void this.#inTurn(async () => {
      try {
        const change = await this.#deps.engine.request('annsmith/change', ref);
        if (this.#model.session === undefined) await this.#model.start(ref, change, decisions);
      } catch (error) {
        this.#deps.log.warn(`the review of ${ref.candidate} could not be opened again: ${String(error)}`);
      }
    });
  }

  #changed(): void {
    this.#setKeys();
    const { session } = this.#model;
    void (session === undefined ? this.#memory.forget() : this.#memory.keep(session));
  }

  #setKeys(): void {
    const pending = this.session?.counts.pending ?? 0;
    const set = (key: string, value: boolean): void => {
      if ((this.#keys.get(key) ?? false) === value) return;
      this.#keys.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    };
    set(contextKeys.reviewing, pending > 0);
    set(contextKeys.onHunk, pending > 0 && hunkAtCursor(this.#model) !== undefined);
  }

  /** Logs what became of a hunk; from its acceptance on, its lines are watched. */
  #note(
    file: string,
    hunk: { readonly id: string; readonly added: readonly string[] },
    signal: 'accepted' | 'rejected' | 'undone',
  ): void {
    const { session } = this.#model;
    if (session === undefined) return;
    const about = { ...session.ref, file, hunk: hunk.id };
    this.#signals.send({ ...about, signal });
    if (signal === 'accepted') this.#accepted.add(about, hunk.added, session.file(file)?.text ?? '');
    if (signal === 'undone') this.#accepted.remove(about);
  }

  #saved(document: vscode.TextDocument): void {
    for (const root of this.#accepted.roots) {
      const file = pathInside(root, document.uri.fsPath);
      if (file === undefined) continue;
      for (const hunk of this.#accepted.saved(root, file, document.getText())) {
        this.#signals.send({ ...hunk, signal: 'rewritten' });
      }
    }
  }

  async #warn(message: string, ref: CandidateRef): Promise<void> {
    this.#deps.log.warn(message);
    const diff = vscode.l10n.t('Open Diff');
    const answer = await vscode.window.showWarningMessage(message, diff);
    if (answer === diff) await this.openDiff(ref.root, ref.run, ref.candidate);
  }

  #say(message: string): void {
    vscode.window.setStatusBarMessage(message, shownFor);
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await this.#inTurn(work);
    } catch (error) {
      void reportError(this.#deps.log, error);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

function onlyAccepted(decisions: Decisions): Decisions {
  return Object.fromEntries(
    Object.entries(decisions).map(([file, made]) => [
      file,
      Object.fromEntries(Object.entries(made).filter(([, decision]) => decision === 'accepted')),
    ]),
  );
}
