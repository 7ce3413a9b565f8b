import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readUtf8 } from '../engine/module/sourceFiles.ts';

/** Texts of files by path, read again only where size, times or the file itself have changed. */
export class TextCache {
  readonly #known = new Map<string, { readonly stamp: string; readonly text: string }>();

  async read(path: string, found?: Stats): Promise<string> {
    const { size, mtimeMs, ctimeMs, ino } = found ?? (await stat(path));
    const stamp = `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known.text;
    const text = await readUtf8(path);
    // The same string object for the same content, so that comparing two states costs nothing.
    const kept = known?.text === text ? known.text : text;
    this.#known.set(path, { stamp, text: kept });
    return kept;
  }
}
