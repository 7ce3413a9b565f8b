import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { download } from '../../../src/engine/dataset/download.ts';
import { useBench } from './support.ts';

const bench = useBench();
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Emits `bytes` with the size of the part whenever the client has saved some. */
const saved = new EventEmitter();

/** Writes a body and breaks the connection once the client has saved all of it. */
function breakOff(response: ServerResponse, body: Buffer, sizeThen: number): void {
  const onBytes = (bytes: number): void => {
    if (bytes < sizeThen) return;
    saved.off('bytes', onBytes);
    response.destroy();
  };
  saved.on('bytes', onBytes);
  response.write(body);
}

/** Starts a server; returns its URL and the requests it saw. */
async function serve(handler: Handler): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.hdf5`, requests };
}

/** Serves ranges of the content; the first `cuts` answers break off after half of what they promise. */
function ranges(etag: string, cuts = 0): Handler {
  let left = cuts;
  return (request, response) => {
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const valid = asked !== null && request.headers['if-range'] === etag;
    const start = valid ? Number(asked[1]) : 0;
    const body = content.subarray(start);
    response.writeHead(valid ? 206 : 200, {
      etag,
      'content-length': body.length,
      ...(valid ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    if (left-- > 0) {
      const half = body.length >> 1;
      breakOff(response, body.subarray(0, half), start + half);
    } else {
      response.end(body);
    }
  };
}

function fetchTo(url: string, expected?: string, fractions: (number | undefined)[] = []): Promise<string> {
  const path = join(bench.folder, 'set.hdf5');
  const onProgress = (fraction: number | undefined, bytes: number): void => {
    fractions.push(fraction);
    saved.emit('bytes', bytes);
  };
  return download({ url, path, sha256: expected, onProgress });
}

const target = (): Promise<Buffer> => readFile(join(bench.folder, 'set.hdf5'));

describe('download', () => {
  it('fetches a file, says who asks, and reports progress', async () => {
    const { url, requests } = await serve(ranges('"1"'));
    const fractions: (number | undefined)[] = [];
    expect(await fetchTo(url, sha256, fractions)).toBe(sha256);
    expect(await target()).toEqual(content);
    expect(requests[0]!.headers['user-agent']).toMatch(/^annsmith/);
    expect(fractions.at(-1)).toBe(1);
    expect(existsSync(join(bench.folder, 'set.hdf5.part'))).toBe(false);
  });

  it('goes on where a broken transfer stopped', async () => {
    const { url, requests } = await serve(ranges('"1"', 2));
    expect(await fetchTo(url)).toBe(sha256);
    expect(requests.length).toBe(3);
    expect(requests[0]!.headers.range).toBeUndefined();
    expect(requests[1]!.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await target()).toEqual(content);
  });

  it('goes on from a part that an earlier process left', async () => {
    await writeFile(join(bench.folder, 'set.hdf5.part'), content.subarray(0, 1000));
    await writeFile(join(bench.folder, 'set.hdf5.part.json'), JSON.stringify({ version: '"1"' }));
    const { url, requests } = await serve(ranges('"1"'));
    expect(await fetchTo(url)).toBe(sha256);
    expect(requests[0]!.headers.range).toBe('bytes=1000-');
  });

  it('begins anew when the file has changed since, or its version is not known', async () => {
    for (const saved of [{ version: '"old"' }, {}]) {
      await writeFile(join(bench.folder, 'set.hdf5.part'), Buffer.alloc(1000, 7));
      await writeFile(join(bench.folder, 'set.hdf5.part.json'), JSON.stringify(saved));
      const { url } = await serve(ranges('"new"'));
      expect(await fetchTo(url)).toBe(sha256);
    }
  });

  it('discards a file whose checksum is wrong', async () => {
    const { url } = await serve(ranges('"1"'));
    await expect(fetchTo(url, '0'.repeat(64))).rejects.toThrow(`SHA-256 is ${sha256}, expected 0000`);
    expect(existsSync(join(bench.folder, 'set.hdf5'))).toBe(false);
    expect(existsSync(join(bench.folder, 'set.hdf5.part'))).toBe(false);
  });

  it('takes a refusal at once', async () => {
    const { url, requests } = await serve((_request, response) => response.writeHead(404).end());
    await expect(fetchTo(url)).rejects.toMatchObject({
      code: 'dataset-download',
      message: expect.stringContaining('answered 404'),
    });
    expect(requests.length).toBe(1);
  });

  it('gives up on a file that never gets longer, keeping the part', async () => {
    const { url, requests } = await serve((request, response) => {
      response.writeHead(request.headers.range ? 206 : 200, {
        etag: '"1"',
        'content-length': request.headers.range ? content.length - 10 : content.length,
        'content-range': `bytes 10-${content.length - 1}/${content.length}`,
      });
      if (request.headers.range) response.destroy();
      else breakOff(response, content.subarray(0, 10), 10);
    });
    await expect(fetchTo(url)).rejects.toMatchObject({ code: 'dataset-download' });
    expect(requests.length).toBe(4);
    expect((await readFile(join(bench.folder, 'set.hdf5.part'))).length).toBe(10);
  });

  it('stops when cancelled', async () => {
    const controller = new AbortController();
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('12345', () => controller.abort());
    });
    const path = join(bench.folder, 'set.hdf5');
    const fetching = download({ url, path, onProgress: () => undefined, signal: controller.signal });
    await expect(fetching).rejects.toMatchObject({ name: 'AbortError' });
  });
});
