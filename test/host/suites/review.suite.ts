import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { HunkReview } from '../../../src/host/review/review.ts';

const waitMs = 120_000;
const oneFile = { run: 'one-module', candidate: 'best' };
const searchFile = 'include/hnsw/search.h';

function root(): string {
  return vscode.workspace.workspaceFolders![0]!.uri.fsPath;
}

function extension(): vscode.Extension<{ readonly review: HunkReview }> {
  return vscode.extensions.getExtension<{ readonly review: HunkReview }>('annsmith.annsmith')!;
}

function uriOf(file: string): vscode.Uri {
  return vscode.Uri.file(join(root(), file));
}

/** Writes runs to the folder's ledger by the engine's own writer, with the texts that they started from. */
async function writeRuns(): Promise<void> {
  const node = join(extension().extensionPath, 'node_modules', '.bin', 'node');
  const samples = join(extension().extensionPath, 'test', 'unit', 'reporting', 'sampleLedger.ts');
  const script =
    'const s = await import(process.argv[1]); await s.oneModuleRun(process.argv[2]); await s.threeModuleRun(process.argv[2]);';
  await promisify(execFile)(node, ['--input-type=module', '-e', script, samples, root()]);
  for (const run of ['one-module', 'three-modules']) {
    const reference = join(root(), '.annsmith', 'runs', run, 'reference');
    cpSync(join(root(), 'include'), join(reference, 'include'), { recursive: true });
  }
}

interface SignalLine {
  readonly type: string;
  readonly runId: string;
  readonly candidateId: string;
  readonly file: string;
  readonly hunk: string;
  readonly signal: string;
  readonly survival?: number;
}

function signals(): SignalLine[] {
  return readFileSync(join(root(), '.annsmith', 'ledger.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): SignalLine => JSON.parse(line))
    .filter(({ type }) => type === 'signal');
}

suite('review', () => {
  let review: HunkReview;
  /** Files as they are on disk at the start. */
  const saved = new Map<string, string>();

  const run = async (command: string, ...args: unknown[]): Promise<void> => {
    await vscode.commands.executeCommand(`annsmith.${command}`, ...args);
  };
  const open = (target: { run: string; candidate: string }): Promise<void> =>
    run('reviewCandidate', { root: root(), ...target });
  const shown = async (file = searchFile): Promise<vscode.TextEditor> =>
    vscode.window.showTextDocument(uriOf(file), { preview: false });
  const pendingIn = (file: string): number =>
    review.session!.pending.filter((hunk) => hunk.file.file === file).length;

  suiteSetup(async function () {
    this.timeout(waitMs);
    await writeRuns();
    for (const file of [searchFile, 'include/hnsw/storage.h']) {
      saved.set(file, readFileSync(join(root(), file), 'utf8'));
    }
    review = (await extension().activate()).review;
  });

  teardown(async function () {
    this.timeout(waitMs);
    for (const [file, text] of saved) {
      const document = await vscode.workspace.openTextDocument(uriOf(file));
      if (document.isDirty) {
        await vscode.window.showTextDocument(document);
        await vscode.commands.executeCommand('workbench.action.files.revert');
      }
      if (document.getText() !== text) {
        const editor = await vscode.window.showTextDocument(document);
        const whole = new vscode.Range(0, 0, document.lineCount, 0);
        assert.ok(await editor.edit((edit) => edit.replace(whole, text)));
        assert.ok(await document.save());
      }
    }
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('shows pending hunks without touching the text', async function () {
    this.timeout(waitMs);
    await open(oneFile);
    const editor = vscode.window.activeTextEditor!;
    assert.equal(editor.document.uri.fsPath, uriOf(searchFile).fsPath);
    assert.equal(editor.document.getText(), saved.get(searchFile));
    assert.equal(editor.document.isDirty, false);
    const { pending } = review.session!.counts;
    assert.ok(pending >= 4, `${pending} hunks`);
    assert.equal(review.threads.length, pending);
    const [first] = review.threads;
    assert.match(first!.label!, new RegExp(`^best: hunk 1 of ${pending}, \\+\\d+ −\\d+$`));
    const body = (first!.comments[0]!.body as vscode.MarkdownString).value;
    assert.match(body, /diffEditor-insertedLineBackground/);
    assert.match(body.replace(/<[^>]*>/g, ''), /\+ {5}expanded_\.clear\(\);/);
    // The cursor is at the first hunk.
    const line = editor.selection.active.line;
    assert.equal(editor.document.lineAt(line).text.trim(), 'frontier_.clear();');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      editor.document.uri,
    );
    const titles = lenses.map(({ command }) => command?.title ?? '');
    assert.equal(titles.filter((title) => title === 'Accept (Ctrl+Alt+Enter)').length, pending);
    assert.ok(titles.includes(`$(check-all) Accept all ${pending}`), titles.join('; '));
  });

  test('accepts the hunk at the cursor, rejects another, and takes the first back by undo', async function () {
    this.timeout(waitMs);
    await open(oneFile);
    const { pending } = review.session!.counts;
    const editor = vscode.window.activeTextEditor!;
    const before = signals().length;
    await run('acceptHunk');
    const text = editor.document.getText();
    assert.notEqual(text, saved.get(searchFile));
    assert.ok(editor.document.isDirty);
    assert.match(text, /found_\.clear\(\);\n\s+expanded_\.clear\(\);/);
    await run('nextHunk');
    await run('rejectHunk');
    assert.equal(editor.document.getText(), text);
    assert.deepEqual(review.session!.counts, { pending: pending - 2, accepted: 1, rejected: 1, refused: 0 });
    assert.equal(review.threads.length, pending - 2);
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText(), saved.get(searchFile));
    assert.deepEqual(review.session!.counts, { pending: pending - 1, accepted: 0, rejected: 1, refused: 0 });
    await vscode.commands.executeCommand('redo');
    assert.equal(editor.document.getText(), text);
    assert.equal(review.session!.counts.accepted, 1);
    await review.settled();
    const sent = signals().slice(before);
    assert.deepEqual(
      sent.map(({ signal }) => signal),
      ['accepted', 'rejected', 'undone', 'accepted'],
    );
    assert.deepEqual(
      new Set(sent.map(({ runId, candidateId, file }) => `${runId} ${candidateId} ${file}`)),
      new Set([`one-module best ${searchFile}`]),
    );
    assert.equal(sent[0]!.hunk, sent[2]!.hunk);
    assert.match(sent[0]!.hunk, /^[0-9a-f]{64}$/);
  });

  test('accepts all in one undo step, and the review ends', async function () {
    this.timeout(waitMs);
    await open(oneFile);
    const { pending } = review.session!.counts;
    const candidate = review.session!.change.files[0]!.text;
    const editor = vscode.window.activeTextEditor!;
    await run('acceptAllHunks');
    assert.equal(editor.document.getText(), candidate);
    assert.equal(readFileSync(join(root(), searchFile), 'utf8'), saved.get(searchFile));
    assert.deepEqual(review.session!.counts, { pending: 0, accepted: pending, rejected: 0, refused: 0 });
    assert.equal(review.threads.length, 0);
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText(), saved.get(searchFile));
    assert.equal(review.session!.counts.pending, pending);
    assert.equal(review.threads.length, pending);
  });

  test('finds its places again in a file that has changed since, before and during the review', async function () {
    this.timeout(waitMs);
    const editor = await shown();
    assert.ok(await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '// mine\n// too\n')));
    await open(oneFile);
    const { pending, refused } = review.session!.counts;
    assert.equal(refused, 0);
    const candidate = review.session!.change.files[0]!.text;
    assert.ok(await editor.edit((edit) => edit.insert(new vscode.Position(2, 0), '// while reviewing\n')));
    assert.equal(review.session!.counts.pending, pending);
    await run('acceptAllHunks');
    assert.equal(editor.document.getText(), `// mine\n// too\n// while reviewing\n${candidate}`);
  });

  test('refuses a hunk whose lines were edited, and accepts the others', async function () {
    this.timeout(waitMs);
    await open(oneFile);
    const { pending } = review.session!.counts;
    const { document } = vscode.window.activeTextEditor!;
    const edited = saved.get(searchFile)!.replace('frontier_.clear();', 'frontier_.clear();  // mine');
    const at = document.positionAt(
      document.getText().indexOf('frontier_.clear();') + 'frontier_.clear();'.length,
    );
    await vscode.window.activeTextEditor!.edit((edit) => edit.insert(at, '  // mine'));
    assert.equal(document.getText(), edited);
    assert.deepEqual(review.session!.counts, { pending: pending - 1, accepted: 0, rejected: 0, refused: 1 });
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    assert.ok(lenses.some(({ command }) => command?.title.includes('Cannot be accepted')));
    await run('acceptAllHunks');
    const text = document.getText();
    assert.ok(text.includes('frontier_.clear();  // mine'));
    assert.ok(text.includes('std::upper_bound'));
    assert.deepEqual(review.session!.counts, { pending: 0, accepted: pending - 1, rejected: 0, refused: 1 });
  });

  test('accepts by reference, and by the thread that a menu hands over', async function () {
    this.timeout(waitMs);
    await open(oneFile);
    const { file, index } = review.session!.pending[1]!;
    await run('acceptHunk', { uri: uriOf(searchFile).toString(), hunk: file.hunks[index]!.key });
    assert.equal(file.decision(index), 'accepted');
    const thread = review.threads[0]!;
    await run('rejectHunk', thread);
    assert.equal(file.decision(0), 'rejected');
    assert.ok(!review.threads.includes(thread));
  });

  test('says that accepted lines were rewritten when the file is saved, once', async function () {
    this.timeout(waitMs);
    await open(oneFile);
    await run('acceptAllHunks');
    const editor = vscode.window.activeTextEditor!;
    const { document } = editor;
    await review.settled();
    const before = signals().length;
    await document.save();
    const line = document
      .getText()
      .split('\n')
      .findIndex((text) => text.includes('expanded_.clear();'));
    assert.ok(await editor.edit((edit) => edit.delete(new vscode.Range(line, 0, line + 1, 0))));
    await document.save();
    await document.save();
    await review.settled();
    const sent = signals().slice(before);
    assert.deepEqual(
      sent.map(({ signal }) => signal),
      ['rewritten'],
    );
    assert.ok(sent[0]!.survival! > 0 && sent[0]!.survival! < 1, String(sent[0]!.survival));
  });

  test('shows the native diff, and accepts from its candidate side', async function () {
    this.timeout(waitMs);
    await run('openDiff', { root: root(), ...oneFile });
    const { input } = vscode.window.tabGroups.activeTabGroup.activeTab!;
    assert.ok(input instanceof vscode.TabInputTextDiff);
    assert.equal(input.original.fsPath, uriOf(searchFile).fsPath);
    assert.equal(input.modified.scheme, 'annsmith-candidate');
    const right = await vscode.workspace.openTextDocument(input.modified);
    assert.equal(right.getText(), review.session!.change.files[0]!.text);
    const editor = vscode.window.visibleTextEditors.find(({ document }) => document === right)!;
    const line = right
      .getText()
      .split('\n')
      .findIndex((text) => text.includes('std::upper_bound'));
    editor.selection = new vscode.Selection(line, 0, line, 0);
    assert.equal(vscode.window.activeTextEditor?.document.uri.scheme, 'annsmith-candidate');
    await run('acceptHunk');
    const file = await vscode.workspace.openTextDocument(uriOf(searchFile));
    assert.ok(file.getText().includes('std::upper_bound'));
    assert.ok(file.getText().includes('frontier_.clear();'));
    assert.equal(review.session!.counts.accepted, 1);
  });

  test('accepts over several files at once, and shows them in one list of diffs', async function () {
    this.timeout(waitMs);
    await open({ run: 'three-modules', candidate: 'best' });
    const files = review.session!.change.files.map(({ file }) => file);
    assert.deepEqual(files.toSorted(), [searchFile, 'include/hnsw/storage.h']);
    assert.ok(pendingIn(searchFile) > 0 && pendingIn('include/hnsw/storage.h') > 0);
    await run('openDiff');
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab!;
    assert.match(tab.label, /best: your code ↔ candidate/);
    await run('acceptAllHunks');
    for (const { file, text } of review.session!.change.files) {
      const document = await vscode.workspace.openTextDocument(uriOf(file));
      assert.equal(document.getText(), text);
      assert.ok(document.isDirty);
      assert.equal(readFileSync(join(root(), file), 'utf8'), saved.get(file));
    }
    assert.equal(review.session!.counts.pending, 0);
  });

  test('a hunk of a file changed on disk is found again, or refused', async function () {
    this.timeout(waitMs);
    const document = await vscode.workspace.openTextDocument(uriOf(searchFile));
    await open(oneFile);
    const { pending } = review.session!.counts;
    const told = new Promise<void>((resolve) => {
      const subscription = vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document !== document || event.contentChanges.length === 0) return;
        subscription.dispose();
        resolve();
      });
    });
    const text = saved.get(searchFile)!.replace('frontier_.clear();', 'frontier_.resize(0);');
    writeFileSync(join(root(), searchFile), `// from elsewhere\n${text}`);
    await told;
    assert.deepEqual(review.session!.counts, { pending: pending - 1, accepted: 0, rejected: 0, refused: 1 });
    assert.equal(document.isDirty, false);
  });
});
