/** CodeLenses, code actions, hovers and diagnostics, from a server over stdio. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodeAction, CodeLens, Hover } from 'vscode-languageserver/node';
import { oneModuleRun } from '../reporting/sampleLedger.ts';
import { ServerClient, uriOf } from './client.ts';
import { copyWorkspace, type WorkspaceCopy } from './workspaceCopy.ts';

let copy: WorkspaceCopy;
let client: ServerClient;
let searchFile: string;
let text: string;
beforeAll(async () => {
  copy = await copyWorkspace();
  searchFile = join(copy.root, 'include/hnsw/search.h');
  text = await readFile(searchFile, 'utf8');
  ({ client } = await ServerClient.start({ folders: [copy.root] }));
  client.open(searchFile, text);
});
afterAll(async () => {
  await client.stop();
  await copy.remove();
});

const lensesOf = (path = searchFile): Promise<CodeLens[]> =>
  client.send('textDocument/codeLens', { textDocument: { uri: uriOf(path) } });
/** The lenses as soon as the first says it; a refresh may also have come of something earlier. */
async function lensesOnceSaying(says: (title: string | undefined) => boolean): Promise<CodeLens[]> {
  for (;;) {
    const before = client.lensRefreshes;
    const lenses = await lensesOf();
    if (says(lenses[0]?.command?.title)) return lenses;
    await client.until(() => client.lensRefreshes > before);
  }
}
const lineOf = (needle: string, source = text): number =>
  source.slice(0, source.indexOf(needle)).split('\n').length - 1;

describe('CodeLens', () => {
  it('stands above each definition, not above its comment, nor above includes', async () => {
    const lenses = await lensesOf();
    expect(lenses.map((lens) => lens.command?.title)).toEqual(Array(3).fill('Optimize search'));
    expect(lenses.map((lens) => lens.range.start.line)).toEqual([
      lineOf('class VisitedSet'),
      lineOf('class CandidatePool'),
      lineOf('class SearchLayer'),
    ]);
    expect(lenses[0]?.command).toMatchObject({
      command: 'annsmith.optimizeModule',
      arguments: [{ root: copy.root, module: 'search', file: 'include/hnsw/search.h' }],
    });
  });

  it('moves with what is typed, and goes where the symbol goes', async () => {
    const before = await lensesOf();
    client.change(searchFile, 2, `// one\n// two\n// three\n${text}`);
    const after = await lensesOf();
    expect(after.map((lens) => lens.range.start.line)).toEqual(
      before.map((lens) => lens.range.start.line + 3),
    );
    client.change(searchFile, 3, text.replaceAll('VisitedSet', 'SeenSet'));
    expect(await lensesOf()).toHaveLength(before.length - 1);
    client.change(searchFile, 4, text);
    expect(await lensesOf()).toEqual(before);
  });

  it('has a group for each module that a region belongs to', async () => {
    const file = join(copy.root, 'include/hnsw/distance.h');
    client.open(file, await readFile(file, 'utf8'));
    const titles = (await lensesOf(file)).map((lens) => lens.command?.title);
    expect(titles.filter((title) => title === 'Optimize search')).toHaveLength(3);
    expect(titles.filter((title) => title === 'Optimize refinement')).toHaveLength(3);
  });

  it('is refreshed when there is something to say, and says it', async () => {
    await oneModuleRun(copy.root);
    client.watched(join(copy.root, '.annsmith/ledger.jsonl'));
    const [optimize, curves, review] = await lensesOnceSaying((title) => title !== 'Optimize search');
    expect(optimize?.command?.title).toMatch(
      /^Optimize search · [\d,]+ QPS at recall 0\.95 \(stale\) · best \+80 %$/,
    );
    expect(curves?.command).toMatchObject({
      title: 'Show curves',
      command: 'annsmith.showCurves',
      arguments: [{ root: copy.root, module: 'search' }],
    });
    expect(review?.command).toMatchObject({
      title: 'Review best',
      command: 'annsmith.reviewCandidate',
      arguments: [{ root: copy.root, run: 'one-module', candidate: 'search', module: 'search' }],
    });
  });

  it('goes with its setting', async () => {
    client.settings = { codeLens: { enabled: false } };
    client.notify('workspace/didChangeConfiguration', { settings: null });
    expect(await lensesOf()).toEqual([]);
    client.settings = {};
    client.notify('workspace/didChangeConfiguration', { settings: null });
    expect((await lensesOf()).length).toBeGreaterThan(0);
  });
});

describe('code actions and hovers', () => {
  const actionsAt = (from: number, to: number, only?: string[]): Promise<CodeAction[]> =>
    client.send('textDocument/codeAction', {
      textDocument: { uri: uriOf(searchFile) },
      range: { start: { line: from, character: 0 }, end: { line: to, character: 0 } },
      context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
    });

  it('offers to optimize the module that the selection touches', async () => {
    const inside = lineOf('class VisitedSet') + 1;
    expect(await actionsAt(inside, inside)).toMatchObject([
      {
        title: 'Optimize selected module (search)',
        kind: 'refactor.rewrite',
        command: { command: 'annsmith.optimizeModule', arguments: [{ root: copy.root, module: 'search' }] },
      },
    ]);
    expect(await actionsAt(0, 0)).toEqual([]);
    expect(await actionsAt(inside, inside, ['refactor'])).toHaveLength(1);
    expect(await actionsAt(inside, inside, ['quickfix'])).toEqual([]);
  });

  it('says on the line of the name what is known', async () => {
    const hoverAt = (line: number): Promise<Hover | null> =>
      client.send('textDocument/hover', {
        textDocument: { uri: uriOf(searchFile) },
        position: { line, character: 8 },
      });
    const hover = await hoverAt(lineOf('class VisitedSet'));
    const { value } = hover!.contents as { value: string };
    expect(value).toContain('**Annsmith: search**, region `VisitedSet`');
    expect(value).toMatch(/Measured: [\d,]+ QPS at recall 0\.95 on mnist-784-euclidean, .*stale/);
    expect(value).toMatch(/Best: confirmed winner of run one-module, \+80 % \(95 % interval \+/);
    expect(await hoverAt(lineOf('class VisitedSet') + 2)).toBeNull();
  });
});

describe('diagnostics', () => {
  it('stand at the field that is wrong, follow the text, and go when it is right', async () => {
    const path = join(copy.root, 'annsmith.json');
    const right = await readFile(path, 'utf8');
    const wrong = right.replace('"VisitedSet"', '"VisitedSte"').replace('"adapter.cc"', '"missing.cc"');
    await writeFile(path, wrong);
    client.watched(path);
    const found = await client.until(() => {
      const list = client.diagnosticsOf(path);
      return list.some(({ message }) => `${message}`.includes('VisitedSte')) && list;
    });
    const marked = found.map(({ range: { start, end } }) => {
      expect(start.line).toBe(end.line);
      return wrong.split('\n')[start.line]!.slice(start.character, end.character);
    });
    expect(marked).toContain('"VisitedSte"');
    expect(marked).toContain('"missing.cc"');
    expect(found.map(({ message }) => message).join('\n')).toMatch(
      /VisitedSte.*not defined.*nearest: .*VisitedSet/,
    );
    // Typed, not saved.
    client.open(path, wrong, 'json');
    client.change(path, 2, right.replace('"name": "hnsw",', '"name": "hnsw",\n  "nmae": 1,'));
    const unknown = await client.until(() =>
      client.diagnosticsOf(path).find(({ message }) => `${message}`.includes('unknown key')),
    );
    expect(unknown.range.start).toMatchObject({ line: 2, character: 2 });
    client.change(path, 3, right.slice(0, -3));
    const torn = await client.until(() =>
      client.diagnosticsOf(path).find(({ message }) => `${message}`.includes('not valid JSON')),
    );
    expect(torn.range.start.line).toBeGreaterThan(30);
    client.change(path, 4, right);
    await client.until(() => client.diagnosticsOf(path).length === 0);
    await writeFile(path, right);
  });
});
