/** One suite file in a VS Code of its own. */
import { cpSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { format } from 'node:util';
import { runTests } from '@vscode/test-electron';
import { openBrowser } from './browser.ts';
import { type CodeServerOptions, prepareFolder, startCodeServer } from './codeServer.ts';
import type { ResultLine } from './results.ts';
import { resultReader } from './results.ts';
import { entryBundle, type SuiteFile } from './suiteFile.ts';
import type { VSCodeHost } from './vscodeHost.ts';

const root = join(import.meta.dirname, '..', '..');
/** Without a line for so long, a window counts as hung. */
const patience = 10 * 60_000;

export interface WindowOptions {
  readonly host: VSCodeHost;
  readonly suite: SuiteFile;
  /** Empty, with a short path; the caller removes it. */
  readonly folder: string;
  readonly grep: string;
  readonly onLine: (line: ResultLine) => void;
  /** What the window says on its console. */
  readonly onConsole: (text: string) => void;
}

/** A fresh copy of the suite's workspace, without what runs left there. */
export function copyWorkspace(workspace: string, folder: string): string {
  const copy = join(folder, basename(workspace));
  cpSync(workspace, copy, { recursive: true, filter: (path) => basename(path) !== '.annsmith' });
  return copy;
}

/** Resolves when the suite is over; rejects where the window broke down or hung. */
export async function runSuite(options: WindowOptions): Promise<void> {
  const { suite, folder, grep, onLine } = options;
  mkdirSync(folder, { recursive: true });
  const results = join(folder, 'results.jsonl');
  const env = {
    ANNSMITH_TEST_RESULTS: results,
    ANNSMITH_TEST_SUITE: suite.bundle,
    ANNSMITH_TEST_GREP: grep,
  };
  const workspace = suite.workspace === undefined ? undefined : copyWorkspace(suite.workspace, folder);
  const fresh = resultReader(results);
  let last = Date.now();
  let ended = false;
  const drain = (): void => {
    for (const line of fresh()) {
      last = Date.now();
      ended ||= line.kind === 'end' || line.kind === 'broken';
      onLine(line);
    }
  };
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      drain();
      if (Date.now() - last > patience) throw new Error(`nothing happened for ${patience / 60_000} minutes`);
      await pause(200);
    }
  };
  const window = options.host.kind === 'desktop' ? runOnDesktop : runInCodeServer;
  const run = window(options, { workspace, env, signal: over.signal });
  try {
    await Promise.race([run, watch()]);
  } finally {
    over.abort();
    await run.catch(() => undefined);
    drain();
  }
  if (!ended) throw new Error('the window closed before the suite was over');
}

interface Opened {
  readonly workspace: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when the window should close. */
  readonly signal: AbortSignal;
}

async function runInCodeServer(
  { suite, folder, onConsole }: WindowOptions,
  { workspace, env, signal }: Opened,
): Promise<void> {
  const options: CodeServerOptions = {
    folder,
    trusted: !suite.restricted,
    settings: suite.settings,
    env,
    testDriver: true,
  };
  prepareFolder(options);
  const server = await startCodeServer(options);
  const browser = await openBrowser();
  try {
    const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
    const ended = new Promise<void>((resolve, reject) => {
      page.on('crash', () => reject(new Error('the page crashed')));
      signal.addEventListener('abort', () => resolve());
      // The workbench calls these two where a page has them.
      void page.exposeFunction('codeAutomationExit', () => resolve());
      void page.exposeFunction('codeAutomationLog', (level: string, args: unknown[]) =>
        onConsole(`[${level}] ${format(...args)}`),
      );
    });
    const remote = (path: string): string => `vscode-remote://${new URL(server.url).host}${path}`;
    const payload = [
      ['extensionDevelopmentPath', remote(root)],
      ['extensionTestsPath', remote(entryBundle)],
      ['extensionEnvironment', JSON.stringify(env)],
    ];
    const opened = workspace === undefined ? 'ew=true' : `folder=${encodeURIComponent(workspace)}`;
    await page.goto(`${server.url}/?${opened}&payload=${encodeURIComponent(JSON.stringify(payload))}`, {
      waitUntil: 'domcontentloaded',
    });
    await ended;
  } finally {
    await browser.close();
    for (const command of await server.stop()) onConsole(`outlived the window: ${command}`);
  }
}

async function runOnDesktop(
  { host, suite, folder }: WindowOptions,
  { workspace, env }: Opened,
): Promise<void> {
  if (host.kind !== 'desktop') throw new Error('not a desktop');
  prepareFolder({ folder, trusted: !suite.restricted, settings: suite.settings });
  await runTests({
    vscodeExecutablePath: host.executable,
    extensionDevelopmentPath: root,
    extensionTestsPath: entryBundle,
    extensionTestsEnv: env,
    launchArgs: [
      ...(workspace === undefined ? [] : [workspace]),
      ...['--user-data-dir', join(folder, 'data'), '--extensions-dir', join(folder, 'exts')],
      '--disable-extensions',
      ...(suite.restricted ? [] : ['--disable-workspace-trust']),
    ],
  });
}
