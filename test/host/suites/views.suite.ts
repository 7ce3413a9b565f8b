import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { ViewNode } from '../../../src/host/views/model/node.ts';
import type { NodeTree, ViewElement } from '../../../src/host/views/nodeTree.ts';
import type { Views } from '../../../src/host/views/register.ts';

const waitMs = 60_000;

function root(): string {
  return vscode.workspace.workspaceFolders![0]!.uri.fsPath;
}

function extension(): vscode.Extension<{ readonly views: Views }> {
  return vscode.extensions.getExtension<{ readonly views: Views }>('annsmith.annsmith')!;
}

/** The first thing that `find` sees in the tree, now or after a change. */
function seen<T>(tree: NodeTree, what: string, find: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      subscription.dispose();
      reject(new Error(`not seen: ${what}; rows: ${rowsOf(tree).join('; ')}`));
    }, waitMs);
    const look = (): void => {
      const found = find();
      if (found === undefined) return;
      clearTimeout(timer);
      subscription.dispose();
      resolve(found);
    };
    const subscription = tree.onDidChangeTreeData(look);
    look();
  });
}

function rowsOf(tree: NodeTree): string[] {
  return tree.getChildren().map(({ node }) => `${node.label} | ${node.description ?? ''}`);
}

/** Every row of the tree, through what the editor asks. */
function allRows(tree: NodeTree, below?: ViewElement): ViewElement[] {
  return tree.getChildren(below).flatMap((row) => [row, ...allRows(tree, row)]);
}

function labels(nodes: readonly ViewNode[]): string[] {
  return nodes.map(({ label }) => label);
}

/** Writes to the folder's ledger by the engine's own writer: `code` has the sample runs, and the folder as `root`. */
async function writeLedger(code: string): Promise<void> {
  const node = join(extension().extensionPath, 'node_modules', '.bin', 'node');
  const samples = join(extension().extensionPath, 'test', 'unit', 'reporting', 'sampleLedger.ts');
  const script = `const samples = await import(process.argv[1]); const root = process.argv[2]; ${code}`;
  await promisify(execFile)(node, ['--input-type=module', '-e', script, samples, root()]);
}

suite('views', () => {
  let trees: Views['trees'];

  suiteSetup(async function () {
    this.timeout(waitMs);
    trees = (await extension().activate()).views.trees;
  });

  test('Modules shows the three modules with their regions', async function () {
    this.timeout(waitMs);
    const modules = await seen(trees.modules, 'modules', () => {
      const rows = trees.modules.getChildren();
      return rows.length > 0 ? rows : undefined;
    });
    assert.deepEqual(labels(modules.map(({ node }) => node)), ['Construction', 'Search', 'Refinement']);
    const search = trees.modules.getChildren(modules[1]);
    assert.equal(search.length, 12);
    const layer = search.find(({ node }) => node.label === 'SearchLayer')!;
    const text = readFileSync(join(root(), layer.file!), 'utf8').split('\n');
    // A region begins with its comment.
    assert.match(text.slice(layer.line! - 1, layer.line! + 2).join('\n'), /^class SearchLayer /m);
    const item = trees.modules.getTreeItem(layer);
    assert.equal(item.contextValue, 'annsmith.region');
    assert.equal(item.command?.command, 'annsmith.goToRegion');
  });

  test('going to a region shows its file at its first line', async function () {
    this.timeout(waitMs);
    const region = allRows(trees.modules).find(({ node }) => node.label === 'Builder')!;
    await vscode.commands.executeCommand('annsmith.goToRegion', region);
    const editor = vscode.window.activeTextEditor!;
    assert.equal(basename(editor.document.uri.fsPath), 'construction.h');
    assert.equal(editor.selection.active.line, region.line! - 1);
  });

  test('Datasets lists those of the manifest first, and marks the one in use', async function () {
    this.timeout(waitMs);
    const rows = await seen(trees.datasets, 'datasets', () => {
      const all = trees.datasets.getChildren();
      return all.length > 3 ? all : undefined;
    });
    assert.deepEqual(labels(rows.map(({ node }) => node)).slice(0, 3), [
      'mnist-784-euclidean',
      'fashion-mnist-784-euclidean',
      'wink-100-angular',
    ]);
    assert.match(rows[0]!.node.description!, /^in use · .*60,000 x 784 euclidean/);
    assert.ok(!rows[1]!.node.description!.includes('in use'));
  });

  test('using another dataset writes the setting of the folder and moves the mark', async function () {
    this.timeout(waitMs);
    const fashion = trees.datasets.find('dataset:fashion-mnist-784-euclidean')!;
    await vscode.commands.executeCommand('annsmith.selectDataset', fashion);
    await seen(trees.datasets, 'the mark', () =>
      fashion.node.description!.includes('in use') ? fashion : undefined,
    );
    assert.ok(!trees.datasets.find('dataset:mnist-784-euclidean')!.node.description!.includes('in use'));
    const written = join(root(), '.vscode', 'settings.json');
    assert.ok(existsSync(written));
    assert.equal(
      JSON.parse(readFileSync(written, 'utf8'))['annsmith.dataset'],
      'fashion-mnist-784-euclidean',
    );
  });

  test('Candidates shows a run of the ledger as soon as it is written, ranked, with verdicts', async function () {
    this.timeout(waitMs);
    assert.deepEqual(rowsOf(trees.candidates), []);
    await writeLedger('await samples.oneModuleRun(root);');
    const [run] = await seen(trees.candidates, 'the run', () => {
      const rows = trees.candidates.getChildren();
      return rows.length > 0 && rows[0]!.node.kind === 'annsmith.run.done' ? rows : undefined;
    });
    assert.match(run!.node.label, /^Search · \+80\.4 % \(\+78\.\d \.\. \+82\.\d\)$/);
    assert.match(run!.node.description!, /^mnist-784-euclidean · /);
    const [group] = trees.candidates.getChildren(run);
    assert.equal(group!.node.label, 'Search, round 1');
    assert.match(group!.node.description!, /2 accepted of 4$/);
    const candidates = trees.candidates.getChildren(group);
    assert.deepEqual(candidates.map(({ candidate }) => candidate).slice(0, 2), ['g1c1', 'g1c2']);
    const wrong = candidates.find(({ candidate }) => candidate === 'g1c3')!;
    assert.equal(wrong.node.label, 'wrong answers (answers-valid)');
    const item = trees.candidates.getTreeItem(wrong);
    assert.match(item.accessibilityInformation!.label, /^rejected: descent-prefetch/);
    assert.match((item.tooltip as vscode.MarkdownString).value, /query 17: id 60000 is out of range/);
    const parent = trees.candidates.getParent(wrong);
    assert.equal(parent, group);
  });

  test('a candidate that is judged changes its own row and no other', async function () {
    this.timeout(waitMs);
    await writeLedger('await samples.unfinishedRun(root);');
    const candidateRow = (): ViewElement | undefined =>
      allRows(trees.candidates).find((row) => row.run === 'unfinished' && row.candidate === 'g1c2');
    const waiting = await seen(trees.candidates, 'the run', candidateRow);
    assert.equal(waiting.node.label, 'not judged');
    const asked: (ViewElement[] | undefined)[] = [];
    const subscription = trees.candidates.onDidChangeTreeData((rows) => asked.push(rows));
    await writeLedger(
      `await new samples.SampleRun(root, 'unfinished').judgement('g1c2',
        { kind: 'rejected', reason: 'recall', check: 'recall', detail: '' });`,
    );
    await seen(trees.candidates, 'the verdict', () =>
      candidateRow()?.node.label === 'loses recall (recall)' ? true : undefined,
    );
    subscription.dispose();
    assert.deepEqual(asked, [[waiting]]);
    assert.equal(candidateRow(), waiting);
  });

  test('the rows of the views are shown by the editor', async function () {
    this.timeout(waitMs);
    // Rejects where the view does not exist or its rows cannot be made into items.
    for (const view of ['modules', 'candidates', 'datasets', 'policy']) {
      await vscode.commands.executeCommand(`annsmith.${view}.focus`);
    }
  });

  test('a candidate can be copied', async function () {
    this.timeout(waitMs);
    const winner = allRows(trees.candidates).find(({ candidate }) => candidate === 'g1c1')!;
    await vscode.commands.executeCommand('annsmith.copyProgram', winner);
    assert.equal(
      await vscode.env.clipboard.readText(),
      'linear-candidate-pool; batched-neighbour-prefetch lookahead=4; end',
    );
  });

  test('Policy counts what was judged', () => {
    const rows = rowsOf(trees.policy);
    assert.equal(rows[0]!.split(' | ')[0], 'Playbook');
    assert.ok(rows.includes('Judged candidates | 6, runs: 2'), rows.join('; '));
  });
});
