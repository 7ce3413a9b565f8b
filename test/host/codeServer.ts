/** A code-server of its own: own user data, own extensions, own temporary files, no network. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import packageManifest from '../../package.json' with { type: 'json' };
import { findCodeServer } from './installed.ts';
import { endProcesses, markedProcesses } from './leftovers.ts';
import { quietSettings, trustSettings } from './settings.ts';

export interface CodeServerOptions {
  /** Holds everything that it writes. Short, as sockets lie below it. */
  readonly folder: string;
  readonly trusted: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** For its extension hosts too. */
  readonly env?: Readonly<Record<string, string>>;
  /** Lets a page hand over an extension in development and tests to run. Hides toasts. */
  readonly testDriver?: boolean;
  /** Default: any that is free. */
  readonly port?: number;
}

export interface CodeServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Ends it and all that it started; resolves with the command lines of processes that had outlived it. */
  stop(): Promise<readonly string[]>;
}

const readyWithin = 120_000;

/** Every process below a code-server carries this in its environment. */
const mark = 'ANNSMITH_TEST_HOST';

const machineSettings = new Set(
  Object.entries(packageManifest.contributes.configuration.properties)
    .filter(([, property]) => 'scope' in property && property.scope.startsWith('machine'))
    .map(([key]) => key),
);

function program(): { node: string; entry: string } {
  const found = findCodeServer();
  if (found === undefined)
    throw new Error('code-server is not installed: `node scripts/vscodeHost.ts install`');
  return found;
}

function environment({ folder, env = {} }: CodeServerOptions): NodeJS.ProcessEnv {
  // A test that is started from a terminal of VS Code would else open in that window, and one where a policy was trained
  // would draw from it.
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|ANNSMITH_DATA$)/.test(name)),
  );
  const tmp = join(folder, 'tmp');
  return {
    ...clean,
    // Without it the server asks for a gallery of extensions.
    EXTENSIONS_GALLERY: '{}',
    TMPDIR: tmp,
    XDG_RUNTIME_DIR: tmp,
    XDG_DATA_HOME: join(folder, 'xdg', 'data'),
    XDG_CONFIG_HOME: join(folder, 'xdg', 'config'),
    [mark]: folder,
    ...env,
  };
}

function folderArguments(folder: string): string[] {
  return [
    ...['--config', join(folder, 'config.yaml')],
    ...['--user-data-dir', join(folder, 'data')],
    ...['--extensions-dir', join(folder, 'exts')],
  ];
}

/** Makes the folders that it expects, and the settings where there are none. */
export function prepareFolder({ folder, trusted, settings = {} }: CodeServerOptions): void {
  for (const name of ['tmp', 'exts', 'xdg/data', 'xdg/config', 'data/User', 'data/Machine'])
    mkdirSync(join(folder, name), { recursive: true });
  const all = { ...quietSettings, ...trustSettings(trusted), ...settings };
  // Its windows are remote ones: there a setting of the machine counts in the machine's file alone. In the user's it
  // does only until VS Code has read which settings the extension has.
  const { machine = [], user = [] } = Object.groupBy(Object.entries(all), ([key]) =>
    machineSettings.has(key) ? 'machine' : 'user',
  );
  writeSettings(join(folder, 'data', 'Machine', 'settings.json'), Object.fromEntries(machine));
  writeSettings(join(folder, 'data', 'User', 'settings.json'), Object.fromEntries(user));
}

function writeSettings(file: string, settings: Readonly<Record<string, unknown>>): void {
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(settings, null, 2));
}

/** Installs a packaged extension, as `code --install-extension` does. */
export function installVsix(options: CodeServerOptions, vsix: string): void {
  const { node, entry } = program();
  const args = [entry, ...folderArguments(options.folder), '--install-extension', vsix, '--force'];
  const result = spawnSync(node, args, { encoding: 'utf8', env: environment(options) });
  if (result.status !== 0) throw new Error(`${vsix} cannot be installed: ${result.stdout}${result.stderr}`);
}

export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const { folder, trusted } = options;
  const { node, entry } = program();
  const logFile = join(folder, 'server.log');
  const args = [
    entry,
    ...folderArguments(folder),
    ...['--auth', 'none', '--bind-addr', `127.0.0.1:${options.port ?? 0}`],
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    '--disable-proxy',
    '--ignore-last-opened',
    ...(trusted ? ['--disable-workspace-trust'] : []),
    ...(options.testDriver === true ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
  ];
  const child = spawn(node, args, {
    cwd: folder,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<readonly string[]> => {
    if (child.pid !== undefined && child.exitCode === null) {
      signalGroup(child, 'SIGTERM');
      const late = setTimeout(() => signalGroup(child, 'SIGKILL'), 10_000);
      await exited;
      clearTimeout(late);
    }
    return endProcesses(() => markedProcesses(mark, folder));
  };
  try {
    const url = await listening(child, logFile);
    await answers(url, exited);
    return { url, pid: child.pid!, logFile, stop };
  } catch (error) {
    await stop();
    const log = readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n');
    throw new Error(`code-server does not start: ${error instanceof Error ? error.message : error}\n${log}`);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The address, from the line in which the server says it. */
function listening(child: ChildProcess, logFile: string): Promise<string> {
  const log = createWriteStream(logFile);
  child.stderr!.pipe(log, { end: false });
  child.stdout!.pipe(log, { end: false });
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('it says no address')), readyWithin);
    createInterface(child.stdout!).on('line', (line) => {
      const address = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      reject(new Error(`it ended with ${signal ?? code}`));
    });
  });
}

/** It listens before VS Code is loaded: a wrong Node or a broken installation shows here, as an error page. */
async function answers(url: string, exited: Promise<void>): Promise<void> {
  const ended = exited.then(() => Promise.reject(new Error('it ended')));
  const page = await Promise.race([
    fetch(`${url}/?ew=true`, { signal: AbortSignal.timeout(readyWithin) }),
    ended,
  ]);
  const text = await page.text();
  if (page.status !== 200) throw new Error(`its page answers ${page.status}: ${text.slice(0, 500)}`);
}
