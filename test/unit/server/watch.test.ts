/** Saves, branch switches and files that are touched: read once, and only where there is something new. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerClient, server, uriOf } from './client.ts';
import { copyWorkspace, type WorkspaceCopy } from './workspaceCopy.ts';

let copy: WorkspaceCopy;
let client: ServerClient;
let headers: string[];
beforeEach(async () => {
  copy = await copyWorkspace();
  ({ client } = await ServerClient.start({ folders: [copy.root] }));
  await client.request('annsmith/overview', { root: copy.root });
  const folder = join(copy.root, 'include/hnsw');
  headers = (await readdir(folder)).map((name) => join(folder, name));
});
afterEach(async () => {
  await client.stop();
  await copy.remove();
});

const regionLine = async (): Promise<number> => {
  const { modules } = await client.request('annsmith/overview', { root: copy.root });
  return modules[1]!.regions.find(({ symbol }) => symbol === 'SearchLayer')!.startLine;
};

describe('watching', () => {
  it('looks once at many files that change together', async () => {
    const before = await regionLine();
    for (const path of headers) {
      await writeFile(path, `// another branch\n${await readFile(path, 'utf8')}`);
    }
    for (const path of headers) client.watched(path);
    await client.until(() => client.changes('workspace') > 0);
    expect(await regionLine()).toBe(before + 1);
    expect(client.changes('workspace')).toBe(1);
  });

  it('says nothing where the content is what it was', async () => {
    for (const path of headers) {
      await utimes(path, new Date(), new Date());
      client.watched(path);
    }
    // A real change after it is told alone.
    const [first] = headers as [string];
    await regionLine();
    expect(client.changes('workspace')).toBe(0);
    await writeFile(first, `${await readFile(first, 'utf8')}\n`);
    client.notify('textDocument/didOpen', {
      textDocument: { uri: uriOf(first), languageId: 'cpp', version: 1, text: '' },
    });
    client.notify('textDocument/didSave', { textDocument: { uri: uriOf(first) } });
    await client.until(() => client.changes('workspace') > 0);
    expect(client.changes('workspace')).toBe(1);
  });

  it('tells of a ledger that another process writes', async () => {
    const { oneModuleRun } = await import('../reporting/sampleLedger.ts');
    await oneModuleRun(copy.root);
    client.watched(join(copy.root, '.annsmith/ledger.jsonl'));
    await client.until(() => client.changes('ledger') > 0);
    expect((await client.request('annsmith/runs', { root: copy.root }))[0]?.id).toBe('one-module');
    expect(client.changes('ledger')).toBe(1);
  });

  it('ends when its input is closed', async () => {
    const child = spawn(process.execPath, [server], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    child.stdin.end();
    expect(await exited).toEqual([1, null]);
  });

  it('starts no process by itself', async () => {
    const children = await readFile(`/proc/${client.child.pid}/task/${client.child.pid}/children`, 'utf8');
    expect(children.trim()).toBe('');
  });
});
