// Everything a fresh clone needs: packages, native parts, bundles; with --tests what the tests need beside, with --editor
// a VS Code for the browser. Each step is skipped when it is up to date.
// JavaScript, because it runs on the machine's own Node before the pinned one is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs one step with its output on stderr, so that the stdout of whoever called stays clean; ends the set-up if it fails. */
function step(title, command, args) {
  process.stderr.write(`setup: ${title}\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write(
      `setup: failed: ${command} ${args.join(' ')}${result.error ? ` (${result.error.message})` : ''}\n`,
    );
    process.exit(1);
  }
}

/** True when the installed tree is not older than the lock file. */
function packagesInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

if (!packagesInstalled()) {
  // No package of ours needs an install script; native parts are built below by name.
  step('installing packages (npm ci)', 'npm', [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
}
const node = existsSync(join(root, 'node_modules', '.bin', 'node'))
  ? join(root, 'node_modules', '.bin', 'node')
  : process.execPath;
const forTests = process.argv.includes('--tests');
step('building the native parts', node, ['scripts/buildNative.ts', ...(forTests ? ['--tests'] : [])]);
step('bundling', node, ['scripts/build.ts']);
if (forTests) step('looking for a browser for the tests of pages', node, ['scripts/getChromium.ts']);
if (forTests || process.argv.includes('--editor')) {
  step('looking for a VS Code that runs in the browser', node, ['scripts/vscodeHost.ts', 'install']);
}
