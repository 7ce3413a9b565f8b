/** A VS Code with the packed extension and a copy of the bundled workspace, in a page. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { platformVsix, universalVsix } from '../../scripts/package/vsixFile.ts';
import { openBrowser } from '../host/browser.ts';
import { type CodeServer, installVsix, prepareFolder, startCodeServer } from '../host/codeServer.ts';
import { type FoundProcess, markedProcesses } from '../host/leftovers.ts';
import { copyWorkspace } from '../host/suiteWindow.ts';
import { Workbench } from './workbench.ts';

const root = join(import.meta.dirname, '..', '..');
export const pictures = join(tmpdir(), 'annsmith-story-pictures');

function pack(option: string): void {
  const packed = spawnSync(process.execPath, [join(root, 'scripts', 'package.ts'), option], {
    encoding: 'utf8',
  });
  if (packed.status !== 0) throw new Error(`${packed.stdout}${packed.stderr}`);
}

/** Packs the extension for this platform. */
export function packForPlatform(): string {
  pack('--platform');
  return platformVsix();
}

/** Packs the extension for every platform, with the sources of its native parts. */
export function packForAll(): string {
  pack('--universal');
  return universalVsix();
}

export class StoryWindow {
  readonly folder: string;
  readonly workspace: string;
  readonly workbench: Workbench;
  readonly #server: CodeServer;
  readonly #browser: Browser;

  private constructor(parts: {
    folder: string;
    workspace: string;
    server: CodeServer;
    browser: Browser;
    workbench: Workbench;
  }) {
    this.folder = parts.folder;
    this.workspace = parts.workspace;
    this.workbench = parts.workbench;
    this.#server = parts.server;
    this.#browser = parts.browser;
  }

  /**
   * Without a package, a VS Code without the extension. `prepare` may add to the folder of the run, and to the workspace in it, before
   * anything is opened.
   */
  static async open(
    vsix: string | undefined,
    settings: Readonly<Record<string, unknown>>,
    prepare?: (folder: string, workspace: string) => void,
  ): Promise<StoryWindow> {
    const folder = mkdtempSync(join(tmpdir(), 'as-'));
    const options = { folder, trusted: true, settings };
    prepareFolder(options);
    if (vsix !== undefined) installVsix(options, vsix);
    const workspace = copyWorkspace(join(root, 'examples', 'hnsw'), folder);
    prepare?.(folder, workspace);
    const server = await startCodeServer(options);
    const browser = await openBrowser();
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    const workbench = new Workbench(page);
    await workbench.open(`${server.url}/?folder=${encodeURIComponent(workspace)}`);
    return new StoryWindow({ folder, workspace, server, browser, workbench });
  }

  /** Processes of this VS Code whose command line holds the text. */
  processes(text: string): readonly FoundProcess[] {
    return markedProcesses('ANNSMITH_TEST_HOST', this.folder).filter(({ command }) => command.includes(text));
  }

  /** What the side bar, dialogs, notifications and the extension's log say now. */
  async said(): Promise<string> {
    const { page } = this.workbench;
    const log = readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('Annsmith.log'),
    );
    return [
      await page.locator('.part.sidebar').ariaSnapshot(),
      ...(await page.locator('.monaco-dialog-box, .quick-input-widget:visible').allInnerTexts()),
      ...(await page.locator('.notification-list-item').allInnerTexts()),
      log === undefined ? '' : readFileSync(join(this.folder, log), 'utf8').split('\n').slice(-40).join('\n'),
    ].join('\n');
  }

  /** A picture of a step; into media/screenshots, too, where `$ANNSMITH_SCREENSHOTS` says so. */
  async picture(name: string): Promise<void> {
    mkdirSync(pictures, { recursive: true });
    const path = join(pictures, `${name}.png`);
    await this.workbench.page.screenshot({ path });
    if ((process.env['ANNSMITH_SCREENSHOTS'] ?? '') === '') return;
    const media = join(root, 'media', 'screenshots');
    mkdirSync(media, { recursive: true });
    copyFileSync(path, join(media, `${name}.png`));
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
