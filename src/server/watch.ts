import { basename, dirname } from 'node:path';
import {
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  FileChangeType,
  type FileEvent,
} from 'vscode-languageserver/node';
import { URI } from 'vscode-uri';
import { manifestFileName } from '../engine/module/manifestFile.ts';
import { isCppFile } from '../engine/module/sourceFiles.ts';
import { inRoot, type Root, type Roots } from './roots.ts';

/** What of a root may have changed. */
export interface Touched {
  index: boolean;
  ledger: boolean;
  /** By a save in the editor, not by a branch switch or another program. */
  saved: boolean;
}

const quietMs = 200;
const longestWaitMs = 2000;
const ledgerFile = '.annsmith/ledger.jsonl';
/** Names of files that can make a folder without a manifest one that is recognised. */
const recognisable = /hnsw|annsmith|adapter/i;

interface Pending {
  readonly touched: Touched;
  readonly since: number;
  timer: NodeJS.Timeout;
}

/** Gathers changes per root until they pause, so that a branch switch is looked at once. */
export class Watch {
  readonly #look: (root: Root, touched: Touched) => void;
  readonly #pending = new Map<Root, Pending>();

  constructor(look: (root: Root, touched: Touched) => void) {
    this.#look = look;
  }

  touch(root: Root, what: Partial<Touched>): void {
    const known = this.#pending.get(root);
    const touched = known?.touched ?? { index: false, ledger: false, saved: false };
    touched.index ||= what.index ?? false;
    touched.ledger ||= what.ledger ?? false;
    touched.saved ||= what.saved ?? false;
    clearTimeout(known?.timer);
    const since = known?.since ?? performance.now();
    const wait = Math.max(0, Math.min(quietMs, since + longestWaitMs - performance.now()));
    const timer = setTimeout(() => {
      this.#pending.delete(root);
      this.#look(root, touched);
    }, wait);
    timer.unref();
    this.#pending.set(root, { touched, since, timer });
  }

  dispose(): void {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }
}

/** Sorts the client's file events by root. */
export function touchChanged(watch: Watch, roots: Roots, changes: readonly FileEvent[]): void {
  for (const { uri, type } of changes) {
    const path = URI.parse(uri).fsPath;
    for (const root of roots.holding(path)) {
      const file = inRoot(root, path);
      if (file === ledgerFile) watch.touch(root, { ledger: true });
      else if (/(^|\/)\.annsmith\//.test(file)) continue;
      else if (basename(file) === manifestFileName) watch.touch(root, { index: true });
      else if (isCppFile(file)) {
        const isNew = type !== FileChangeType.Changed && recognisable.test(file);
        if (isNew) root.index.recogniseAgain();
        watch.touch(root, { index: true });
      }
    }
  }
}

/** Whether something in a folder, itself outside every root, has changed. */
export function isChangedIn(folder: string, changes: readonly FileEvent[]): boolean {
  return changes.some(({ uri }) => dirname(URI.parse(uri).fsPath) === folder);
}

/** Asks the client to tell of files, those in the folder of policies too, and of settings, where it can. */
export async function registerWatchers(
  connection: Connection,
  can: { readonly files: boolean; readonly settings: boolean; readonly otherFolders: boolean },
  policies: string,
): Promise<void> {
  if (can.settings) {
    await connection.client.register(DidChangeConfigurationNotification.type, { section: 'annsmith' });
  }
  if (can.files) {
    await connection.client.register(DidChangeWatchedFilesNotification.type, {
      watchers: [
        { globPattern: `**/${manifestFileName}` },
        { globPattern: '**/*.{h,hh,hpp,hxx,inl,ipp,tpp,c,cc,cpp,cxx}' },
        { globPattern: `**/${ledgerFile}` },
        ...(can.otherFolders
          ? [{ globPattern: { baseUri: URI.file(policies).toString(), pattern: '*.json' } }]
          : []),
      ],
    });
  }
}
