import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { AnnsmithApi } from '../../../src/extension.ts';
import type { NodeTree } from '../../../src/host/views/nodeTree.ts';

const waitMs = 60_000;
const small = 'synthetic-uniform:n=4000,d=16,seed=3';
/** More than anybody waits for. */
const large = 'synthetic-clusters:n=2000000,d=128,seed=3';

/** Waits until the row of the dataset is of the kind and described so, or there is no row (undefined). */
function row(tree: NodeTree, name: string, kind: string | undefined, described = /.*/): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      subscription.dispose();
      reject(new Error(`${name} is ${tree.find(`dataset:${name}`)?.node.kind}, not ${kind}`));
    }, waitMs);
    const look = (): void => {
      const node = tree.find(`dataset:${name}`)?.node;
      if (node?.kind !== kind || !described.test(node?.description ?? '')) return;
      clearTimeout(timer);
      subscription.dispose();
      resolve(node?.description ?? '');
    };
    const subscription = tree.onDidChangeTreeData(look);
    look();
  });
}

/** In a cache of its own: nothing of the machine's datasets is touched. */
suite('datasets view', () => {
  let tree: NodeTree;
  let cache: string | undefined;

  suiteSetup(async function () {
    this.timeout(waitMs);
    cache = mkdtempSync(join(tmpdir(), 'annsmith-cache-'));
    await vscode.workspace.getConfiguration('annsmith').update('cacheFolder', cache);
    const extension = vscode.extensions.getExtension<AnnsmithApi>('annsmith.annsmith')!;
    const { views } = await extension.activate();
    tree = views.trees.datasets;
    await row(tree, 'mnist-784-euclidean', 'annsmith.dataset.absent');
  });

  suiteTeardown(() => {
    if (cache !== undefined) rmSync(cache, { recursive: true, force: true, maxRetries: 5 });
  });

  test('a dataset is got on demand, with its progress in its row', async function () {
    this.timeout(waitMs);
    const got = vscode.commands.executeCommand('annsmith.getDataset', { dataset: small });
    assert.match(await row(tree, small, 'annsmith.dataset.busy'), /^being prepared/);
    await got;
    assert.match(await row(tree, small, 'annsmith.dataset.ready'), /^ready · 4,000 x 16 euclidean/);
  });

  test('getting one can be cancelled', async function () {
    this.timeout(waitMs);
    const got = vscode.commands.executeCommand('annsmith.getDataset', { dataset: large });
    await row(tree, large, 'annsmith.dataset.busy', /being prepared, \d+ %/);
    await vscode.commands.executeCommand('annsmith.cancelDataset', tree.find(`dataset:${large}`));
    await got;
    await row(tree, large, undefined);
  });

  test('getting one that does not exist fails without leaving a row behind', async function () {
    this.timeout(waitMs);
    const got = vscode.commands.executeCommand('annsmith.getDataset', { dataset: 'no-such-set' });
    await row(tree, 'no-such-set', 'annsmith.dataset.busy');
    await row(tree, 'no-such-set', undefined);
    await got;
  });
});
