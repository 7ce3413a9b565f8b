import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** A lock that is held; the system releases it too when this process ends, however it ends. */
export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * A lock across processes, held by listening on a local socket: the system frees it when its holder ends, however it
 * ends, and whoever waits is woken by the closed connection. On Linux the name lives outside the file system; elsewhere
 * a dead holder's socket file is taken over. `path` stands for what is locked; nothing needs to lie there.
 */
export async function withProcessLock<T>(
  path: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  const name = socketName(await realPath(path));
  let waited = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const held = await tryListen(name);
    if (held !== undefined) {
      try {
        return await work();
      } finally {
        await held.release();
      }
    }
    if (!waited) options.onWait?.();
    waited = true;
    await holderGone(name, options.signal);
  }
}

/** The lock of `withProcessLock`, if nobody holds it; until it is released. */
export async function tryProcessLock(path: string): Promise<ProcessLock | undefined> {
  return tryListen(socketName(await realPath(path)));
}

/** True while somebody holds the lock. Never takes it, so that nobody is kept from it by the question. */
export async function isProcessLocked(path: string): Promise<boolean> {
  const socket = connect(socketName(await realPath(path)));
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** One name for one place, whichever links lead there; the end of the path need not exist. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  const parent = dirname(whole);
  if (parent === whole) return whole;
  return realpath(whole).catch(async () => join(await realPath(parent), basename(whole)));
}

function socketName(path: string): string {
  const id = createHash('sha256').update(path).digest('hex').slice(0, 24);
  if (platform() === 'linux') return `\0annsmith-${id}`;
  return platform() === 'win32' ? `\\\\.\\pipe\\annsmith-${id}` : join(tmpdir(), `annsmith-${id}.sock`);
}

async function tryListen(name: string): Promise<ProcessLock | undefined> {
  const waiters = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiters.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => waiters.delete(socket));
    // Waiters must not keep this process alive.
    socket.unref();
  });
  server.unref();
  server.listen(name);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  return {
    release: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of waiters) socket.destroy();
      await closed;
    },
  };
}

/** Resolves when whoever listens under the name has stopped. */
async function holderGone(name: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const socket = connect(name);
  const onAbort = (): void => {
    socket.destroy();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  let refused = false;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    refused = error.code === 'ECONNREFUSED';
  });
  socket.resume();
  await once(socket, 'close').catch(() => undefined);
  signal?.removeEventListener('abort', onAbort);
  // Only a file can outlive its listener.
  if (refused && !name.startsWith('\0')) await unlink(name).catch(() => undefined);
}
