/** Which files make a workspace: what is named, what lies beside it, the include folders, and what these include. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSources } from '../../../src/engine/module/sourceFiles.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-sources-'));
});
afterEach(() => rm(root, { recursive: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

it('a named file at the top of a repository does not bring the repository with it', async () => {
  await write({
    'adapter.cc': '#include "deep/parts/a.h"\n#include "index/index.h"\n',
    'beside.h': '',
    'deep/parts/a.h':
      '#  include "../b.inc"\n#include "missing.h"\n#include "/etc/passwd"\n#include "../../../c.h"\n',
    'deep/b.inc': '',
    'deep/unrelated.h': '',
    'include/index/index.h': '#include <vector>\n',
    'include/index/detail/x.h': '',
    'other/unrelated.cc': '',
  });
  const { files, problems } = await readSources(root, ['include'], ['adapter.cc']);
  expect([...files.keys()]).toEqual([
    'adapter.cc',
    'beside.h',
    'deep/b.inc',
    'deep/parts/a.h',
    'include/index/detail/x.h',
    'include/index/index.h',
  ]);
  expect(problems).toEqual([]);
});

it('an include that is a link out of the workspace is a problem, not a text', async () => {
  await write({ 'adapter.cc': '#include "sub/out.h"\n' });
  await mkdir(join(root, 'sub'));
  await symlink('/etc/hostname', join(root, 'sub/out.h'));
  const { files, problems } = await readSources(root, [], ['adapter.cc']);
  expect([...files.keys()]).toEqual(['adapter.cc']);
  expect(problems).toMatchObject([{ path: 'sub/out.h' }]);
});

it('asks for each text by its real path with what is known of the file', async () => {
  await write({ 'a.cc': 'one', 'b.cc': 'two' });
  const asked: [string, number | undefined][] = [];
  await readSources(root, [], ['a.cc'], async (path, found) => {
    asked.push([path, found?.size]);
    return '';
  });
  expect(asked.map(([, size]) => size)).toEqual([3, 3]);
});
