/**
 * Packs the extension: `dist/annsmith-VERSION-PLATFORM.vsix` with the native parts built for this platform, and
 * `dist/annsmith-VERSION.vsix` for all others, which brings their sources and builds them on first use.
 * `--platform` or `--universal` packs one of them.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import { hostNode } from '../test/host/installed.ts';
import { platform, platformVsix, universalVsix } from './package/vsixFile.ts';

const root = join(import.meta.dirname, '..');
const scratch = join(root, 'build', 'package');
const maximumMegabytes = 15;
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;

const executables = ['annsmith-harness', 'annsmith-harness-asan', 'annsmith-harness-tsan'];
const libraries = ['annsmith.node', 'libannsmith_cache_walker.so'];
/** The harness is Linux's; other systems get the addon. */
const binaries = process.platform === 'linux' ? [...executables, ...libraries] : ['annsmith.node'];
/** The ABI is C, so these do for every Node. */
const nodeHeaders = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];
const addonApiHeaders = ['napi.h', 'napi-inl.h', 'napi-inl.deprecated.h'];

function fail(message: string): never {
  process.stderr.write(`package: ${message}\n`);
  process.exit(1);
}

function put(from: string, to: string): void {
  if (!existsSync(from)) fail(`${from} does not exist`);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}

/** What both packages hold, as .vscodeignore names it, with a manifest that speaks of nothing but the extension. */
async function stage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  for (const file of await listFiles({ cwd: root, packageManager: PackageManager.None }))
    put(join(root, file), join(folder, file));
  const { private: _, bin, scripts, devDependencies, dependencies, optionalDependencies, ...rest } = manifest;
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(rest, null, 2)}\n`);
  // All that is named may be packed.
  writeFileSync(join(folder, '.vscodeignore'), '');
}

/** The binaries, without what only a debugger reads. */
function addBinaries(folder: string): void {
  for (const name of binaries) {
    const copy = join(folder, 'build', 'native', 'bin', name);
    put(join(root, 'build', 'native', 'bin', name), copy);
    const option =
      process.platform !== 'linux' ? '-x' : executables.includes(name) ? '--strip-all' : '--strip-unneeded';
    if (spawnSync('strip', [option, copy], { stdio: ['ignore', 2, 2] }).status !== 0)
      fail(`strip ${copy} failed`);
    chmodSync(copy, 0o755);
  }
}

/** Sources of the native parts, and the headers that the addon is compiled against. */
function addSources(folder: string): void {
  const native = join(root, 'native');
  for (const part of ['CMakeLists.txt', 'core', 'addon', 'harness'])
    put(join(native, part), join(folder, 'native', part));
  rmSync(join(folder, 'native', 'core', 'bench'), { recursive: true, force: true });
  const headers = join(folder, 'native', 'headers');
  for (const name of nodeHeaders) put(join(hostNode, 'include', 'node', name), join(headers, 'node', name));
  const addonApi = dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
  for (const name of addonApiHeaders) put(join(addonApi, name), join(headers, 'node-addon-api', name));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => file !== '.vscodeignore');
}

/** Sizes of what was packed, by top folder. */
function summary(folder: string): string {
  const sizes = new Map<string, { files: number; bytes: number }>();
  for (const file of filesBelow(folder)) {
    const top = file.includes('/') ? `${file.slice(0, file.indexOf('/'))}/` : file;
    const { files, bytes } = sizes.get(top) ?? { files: 0, bytes: 0 };
    sizes.set(top, { files: files + 1, bytes: bytes + statSync(join(folder, file)).size });
  }
  return [...sizes]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(
      ([name, { files, bytes }]) =>
        `  ${name.padEnd(18)} ${String(files).padStart(4)} files ${(bytes / 1024).toFixed(0).padStart(7)} KiB`,
    )
    .join('\n');
}

async function pack(
  packagePath: string,
  target: string | undefined,
  add: (folder: string) => void,
): Promise<void> {
  const folder = join(scratch, target ?? 'universal');
  await stage(folder);
  add(folder);
  const stray = filesBelow(folder).filter((file) => /\.(ts|map|cc\.o)$|node_modules|(^|\/)test\//.test(file));
  if (stray.length > 0) fail(`files that do not belong into a package: ${stray.join(', ')}`);
  await createVSIX({
    cwd: folder,
    packagePath,
    dependencies: false,
    rewriteRelativeLinks: false,
    allowMissingRepository: true,
    ...(target === undefined ? {} : { target }),
  });
  const megabytes = statSync(packagePath).size / 2 ** 20;
  process.stdout.write(`${packagePath}: ${megabytes.toFixed(2)} MB\n${summary(folder)}\n`);
  if (megabytes > maximumMegabytes) fail(`over ${maximumMegabytes} MB`);
}

const { values } = parseArgs({ options: { platform: { type: 'boolean' }, universal: { type: 'boolean' } } });
const both = values.platform === values.universal;
if (both || values.platform === true) await pack(platformVsix(), platform, addBinaries);
if (both || values.universal === true) await pack(universalVsix(), undefined, addSources);
