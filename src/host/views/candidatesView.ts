import { Disposable, l10n, type TreeView, window } from 'vscode';
import type { FeatureContext } from '../feature.ts';
import { views } from '../ids.ts';
import { runRowId, runsTree } from './model/runs.ts';
import { NodeTree, type ViewElement } from './nodeTree.ts';

type Context = Pick<FeatureContext, 'engine' | 'store' | 'runs' | 'log'>;

/** Runs with their groups and candidates; follows a run of this window as its candidates are judged. */
export class CandidatesView implements Disposable {
  readonly tree = new NodeTree();
  readonly #context: Context;
  readonly #view: TreeView<ViewElement>;
  readonly #subscriptions: Disposable;
  /** The run of this window that was opened for the user. */
  #opened: string | undefined;

  constructor(context: Context) {
    this.#context = context;
    const { engine, store, runs } = context;
    this.#show();
    this.#view = window.createTreeView(views.candidates, {
      treeDataProvider: this.tree,
      showCollapseAll: true,
    });
    this.#tell();
    this.#subscriptions = Disposable.from(
      this.#view,
      this.tree,
      store.onChange((what) => {
        if (what !== 'datasets') this.#show();
        this.#open();
      }),
      engine.onState(() => {
        this.#show();
        this.#tell();
      }),
      runs.onChange(() => {
        this.#tell();
        this.#open();
      }),
      this.#view.onDidChangeVisibility(() => this.#open()),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #show(): void {
    const { engine, store } = this.#context;
    const { workspaces } = store;
    this.tree.show(
      runsTree({ workspaces, runsOf: (root) => store.runsOf(root), engine: engine.state }, l10n),
    );
  }

  /** How far the run of this window is, above its rows. */
  #tell(): void {
    const { engine, runs } = this.#context;
    this.#view.message = runs.active === undefined ? '' : messageOf(runs.active, engine.state);
  }

  /**
   * Opens the row of a run of this window once there is something below it, without taking focus or selection. The
   * editor lets a row that came without children stay closed when it gets some.
   */
  #open(): void {
    const { active } = this.#context.runs;
    if (active?.run === undefined) {
      this.#opened = undefined;
      return;
    }
    const row = this.tree.find(runRowId(active.root, active.run));
    if (row === undefined || row.node.children.length === 0) return;
    if (this.#opened === active.run || !this.#view.visible) return;
    this.#opened = active.run;
    this.#view.reveal(row, { select: false, focus: false, expand: 2 }).then(undefined, (error: unknown) => {
      this.#context.log.debug(`the run's row could not be revealed: ${String(error)}`);
    });
  }
}

function messageOf(
  active: NonNullable<FeatureContext['runs']['active']>,
  engine: FeatureContext['engine']['state'],
): string {
  if (engine === 'stopped') return l10n.t('The engine server has stopped; the run can be resumed.');
  if (engine === 'starting') return l10n.t('Waiting for the engine server…');
  const { message, fraction } = active;
  return fraction === undefined ? message : `${message} (${Math.round(fraction * 100)} %)`;
}
