/**
 * `install`: a VS Code for the tests, into build/vscode-host: code-server from the npm registry. Where it cannot be had,
 * the tests inside VS Code are left out, and say so; that is not an error.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeServer, findCodeServer, hostFolder, hostNode } from '../test/host/installed.ts';

const attempts = 3;
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-bin-links', '--loglevel=error'];

/** What no test needs, under lib/vscode: 280 MB of other people's agents and their containers. */
const unneeded = [
  'node_modules/@github',
  'node_modules/@microsoft/mxc-sdk',
  'node_modules/@devcontainers',
  'extensions/copilot',
  'extensions/mermaid-markdown-features',
];

function say(message: string): void {
  process.stderr.write(`vscodeHost: ${message}\n`);
}

/** npm under the pinned Node, which code-server insists on. */
function npm(cwd: string, args: readonly string[]): number {
  const { npm_config_nodedir: _, ...env } = process.env;
  const PATH = `${join(hostNode, 'bin')}:${process.env['PATH']}`;
  return spawnSync('npm', [...args], { cwd, env: { ...env, PATH }, stdio: ['ignore', 2, 2] }).status ?? 1;
}

/** A registry that falters is asked again; npm's cache keeps what already came. */
async function npmInstall(cwd: string, args: readonly string[]): Promise<void> {
  for (let attempt = 1; npm(cwd, ['install', ...quiet, ...args]) !== 0; attempt++) {
    if (attempt === attempts) throw new Error(`\`npm install\` failed ${attempts} times in ${cwd}`);
    say(`\`npm install\` failed; trying again`);
    await pause(5_000 * attempt);
  }
}

async function checkIntegrity(folder: string): Promise<void> {
  const lock = JSON.parse(await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string }>;
  };
  const { integrity } = lock.packages['node_modules/code-server'] ?? {};
  if (integrity !== codeServer.integrity)
    throw new Error(`code-server ${codeServer.version} is not the package that was expected`);
}

/** The package may carry the link already. */
async function link(target: string, path: string): Promise<void> {
  await rm(path, { force: true });
  await symlink(target, path);
}

async function installInto(folder: string): Promise<void> {
  const manifest = {
    name: 'vscode-host',
    private: true,
    dependencies: { 'code-server': codeServer.version },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await npmInstall(folder, []);
  await checkIntegrity(folder);
  // What its own install script would do, without the parts that need other compilers and libraries.
  const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  await npmInstall(vscode, ['--omit=dev']);
  await npmInstall(join(vscode, 'extensions'), ['--omit=dev']);
  // Without spdlog the output channels stay empty.
  const native = ['@vscode/spdlog', '@vscode/native-watchdog'];
  if (
    npm(vscode, ['rebuild', '--no-bin-links', '--loglevel=error', `--nodedir=${hostNode}`, ...native]) !== 0
  )
    throw new Error(`${native.join(' and ')} cannot be built: g++, make and python3 are needed`);
  for (const name of unneeded) await rm(join(vscode, name), { recursive: true, force: true });
  await link('code-linux.sh', join(vscode, 'bin', 'remote-cli', 'code-server'));
  await link('browser-linux.sh', join(vscode, 'bin', 'helpers', 'browser.sh'));
  const entry = join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  const probe = [
    '--config',
    join(folder, 'config.yaml'),
    '--user-data-dir',
    join(folder, 'probe'),
    '--version',
  ];
  const version = spawnSync(join(hostNode, 'bin', 'node'), [entry, ...probe], { encoding: 'utf8' });
  if (!version.stdout.includes(codeServer.version)) throw new Error(`it does not start: ${version.stderr}`);
  await rm(join(folder, 'probe'), { recursive: true, force: true });
}

async function install(): Promise<void> {
  if (findCodeServer() !== undefined) return say(hostFolder);
  const leftOut = 'tests inside VS Code are left out';
  const here = `${process.platform}-${process.arch}`;
  if (!codeServer.platforms.some((platform) => platform === here)) return say(`none for ${here}: ${leftOut}`);
  if (!existsSync(join(hostNode, 'bin', 'node'))) return say(`${hostNode} is missing: ${leftOut}`);
  const parent = dirname(hostFolder);
  await mkdir(parent, { recursive: true });
  const partial = await mkdtemp(join(parent, 'partial-'));
  try {
    say(
      `fetching code-server ${codeServer.version} with VS Code ${codeServer.vscode} (once, two to three minutes)`,
    );
    await installInto(partial);
    await rename(partial, hostFolder);
    say(hostFolder);
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}: ${leftOut}`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

if (process.argv[2] !== 'install') {
  process.stderr.write('usage: vscodeHost.ts install\n');
  process.exitCode = 2;
} else {
  await install();
}
