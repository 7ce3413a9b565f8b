/** Configures and builds native/ into build/native. `--tests` builds and runs the native tests too. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const buildDir = join(root, 'build', 'native');
const withTests = process.argv.includes('--tests');

function fail(message: string): never {
  process.stderr.write(`build:native: ${message}\n`);
  process.exit(1);
}

/** True when the program exists and says its version. */
function runs(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function step(command: string, args: readonly string[]): void {
  const result = spawnSync(command, [...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail(`\`${command} ${args.join(' ')}\` failed; its output is above`);
}

/** The headers of the pinned Node, else those beside the Node that runs this. */
function nodeHeaders(): string {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'include', 'node');
  const beside = join(dirname(process.execPath), '..', 'include', 'node');
  const found = [pinned, beside].find((folder) => existsSync(join(folder, 'node_api.h')));
  return (
    found ?? fail(`node_api.h is neither in ${pinned} nor in ${beside}; run \`npm ci\` to get Node's headers`)
  );
}

function nodeAddonApi(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
  } catch {
    return fail('the package node-addon-api is missing; run `npm ci`');
  }
}

if (!runs('cmake')) fail('cmake 3.20 or newer is needed: `apt-get install cmake` or `brew install cmake`');
const compilers = process.env['CXX'] ? [process.env['CXX']] : ['c++', 'g++', 'clang++'];
if (!compilers.some(runs)) {
  fail(
    `no C++17 compiler (tried ${compilers.join(', ')}): \`apt-get install g++\` or \`xcode-select --install\``,
  );
}

const configured = existsSync(join(buildDir, 'CMakeCache.txt'));
step('cmake', [
  '-S',
  join(root, 'native'),
  '-B',
  buildDir,
  // A build folder keeps the generator that it began with.
  ...(!configured && runs('ninja') ? ['-G', 'Ninja'] : []),
  '-DCMAKE_BUILD_TYPE=Release',
  `-DNODE_INCLUDE_DIR=${nodeHeaders()}`,
  `-DNODE_ADDON_API_DIR=${nodeAddonApi()}`,
  `-DANNSMITH_TESTS=${withTests ? 'ON' : 'OFF'}`,
]);
step('cmake', ['--build', buildDir, '--parallel', String(availableParallelism())]);
if (withTests) step('ctest', ['--test-dir', buildDir, '--output-on-failure']);
