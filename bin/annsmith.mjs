#!/usr/bin/env node
// Starts the CLI bundle under the Node that the project pins. JavaScript, because it must run on an older Node and before
// anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bundle = join(root, 'dist', 'cli.mjs');
if (!existsSync(bundle)) {
  process.stderr.write('annsmith: not built yet; building once (the same as `npm run setup`)\n');
  const setup = spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (setup.status !== 0) process.exit(1);
}
const pinned = join(root, 'node_modules', '.bin', 'node');
const node = existsSync(pinned) ? pinned : process.execPath;
// The CLI replaces this process as far as signals go: both get Ctrl-C from the terminal, and this one waits for the CLI.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
const child = spawn(node, ['--enable-source-maps', bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
