/** What the suites about the host's core share. */
import { readdirSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { AnnsmithApi } from '../../../src/extension.ts';

export function extension(): vscode.Extension<AnnsmithApi> {
  const found = vscode.extensions.getExtension<AnnsmithApi>('annsmith.annsmith');
  if (found === undefined) throw new Error('the extension is not installed');
  return found;
}

export function root(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) throw new Error('no folder is open');
  return folder.uri.fsPath;
}

/** Resolves as soon as `holds`, looked at now and at each event; rejects after `ms`. */
export function until(
  what: string,
  event: (listener: () => void) => vscode.Disposable,
  holds: () => boolean,
  ms = 30_000,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      listener.dispose();
      finish();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`not within ${ms} ms: ${what}`))), ms);
    const look = (): void => {
      if (holds()) end(resolve);
    };
    const listener = event(look);
    look();
  });
}

/** The next event that `fits`. */
export function next<T>(
  what: string,
  event: vscode.Event<T>,
  fits: (value: T) => boolean,
  ms = 30_000,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      listener.dispose();
      reject(new Error(`not within ${ms} ms: ${what}`));
    }, ms);
    const listener = event((value) => {
      if (!fits(value)) return;
      clearTimeout(timer);
      listener.dispose();
      resolve(value);
    });
  });
}

/** The command lines of the processes below this one. */
export function descendants(): string[] {
  const processes = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // It has ended, and waits to be reaped: its command line is empty.
      if (state === 'Z') return [];
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return [{ pid: Number(name), parent: Number(parent), line }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
  const below = (pid: number): string[] =>
    processes.filter((p) => p.parent === pid).flatMap((p) => [p.line, ...below(p.pid)]);
  return below(process.pid);
}
