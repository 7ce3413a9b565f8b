/** The packed extension in a VS Code that has never seen it: what is inside, and that it starts from scratch. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packForAll, packForPlatform, StoryWindow } from './storyWindow.ts';

/** Files of the installed extension. */
function installedFiles(window: StoryWindow): string[] {
  const exts = join(window.folder, 'exts');
  const [folder] = readdirSync(exts).filter((name) => name.startsWith('annsmith.annsmith-'));
  return readdirSync(join(exts, folder!), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(exts, folder!).length + 1));
}

describe('the package for this platform', () => {
  let vsix: string;
  let window: StoryWindow;
  beforeAll(async () => {
    vsix = packForPlatform();
    window = await StoryWindow.open(vsix, {});
  });
  afterAll(async () => {
    await window?.close();
  });

  it('is under 15 MB', () => {
    expect(statSync(vsix).size).toBeLessThan(15 * 2 ** 20);
  });

  it('holds what runs, and no sources or maps', () => {
    const files = installedFiles(window);
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/extension.cjs',
        'dist/languageClient.cjs',
        'dist/server.mjs',
        'dist/h5wasm.mjs',
        'dist/openai.mjs',
        'dist/curves.js',
        'dist/curves.css',
        'dist/rounds.js',
        'dist/rounds.css',
        'dist/report.js',
        'dist/tree-sitter-cpp.wasm',
        'build/native/bin/annsmith.node',
        'build/native/bin/annsmith-harness',
        'native/include/annsmith/abi.h',
        'schemas/annsmith.schema.json',
        'package.nls.json',
        'l10n/bundle.l10n.json',
        'media/icon.png',
      ]),
    );
    expect(files.filter((file) => /\.(ts|map|cc)$|node_modules|_tests?$/.test(file))).toEqual([]);
  });

  it('activates by itself in a folder with a manifest, with a server that answers', async () => {
    const { workbench } = window;
    await workbench.openFile('search.h');
    // Only the server knows where the regions are.
    await workbench.codeLens('Optimize search').first().waitFor();
    expect(window.processes('server.mjs')).toHaveLength(1);
    await workbench.showContainer('Annsmith');
    await workbench.row('Modules', /Search/).waitFor();
  });

  it('finds its native parts, as doctor says', async () => {
    const { workbench } = window;
    await workbench.command('Annsmith: Check This Machine (Doctor)');
    await workbench
      .quickRow(/build\/native\/bin/)
      .first()
      .waitFor();
    await workbench.page.keyboard.press('Escape');
  });
});

describe('the package for every platform', () => {
  let window: StoryWindow;
  beforeAll(async () => {
    window = await StoryWindow.open(packForAll(), {});
  });
  afterAll(async () => {
    await window?.close();
  });

  it('brings sources instead of binaries', () => {
    const files = installedFiles(window);
    expect(files).toEqual(
      expect.arrayContaining([
        'native/CMakeLists.txt',
        'native/harness/main.cc',
        'native/headers/node/node_api.h',
        'native/headers/node-addon-api/napi.h',
      ]),
    );
    expect(files.filter((file) => file.startsWith('build/') || /\.(node|so)$/.test(file))).toEqual([]);
  });

  it(
    'asks whether to build its native parts, and builds them into its own storage',
    async () => {
      const { workbench } = window;
      const question = workbench.notification(/native harness/);
      await question.getByRole('button', { name: 'Build', exact: true }).click();
      await workbench.notification(/Building/).waitFor();
      await workbench.notification(/Building/).waitFor({ state: 'detached', timeout: 20 * 60_000 });
      await workbench.command('Annsmith: Check This Machine (Doctor)');
      await workbench
        .quickRow(/globalStorage\/annsmith\.annsmith\/native-.*\/bin/)
        .first()
        .waitFor();
      await workbench.page.keyboard.press('Escape');
    },
    25 * 60_000,
  );
});
