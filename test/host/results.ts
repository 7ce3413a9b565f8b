/** What comes out of a VS Code, line by line, while its suite runs. */
import { existsSync, readFileSync } from 'node:fs';

export type ResultLine =
  | { readonly kind: 'start'; readonly name: string }
  | { readonly kind: 'pass'; readonly name: string; readonly ms: number }
  | { readonly kind: 'skip'; readonly name: string }
  | { readonly kind: 'fail'; readonly name: string; readonly message: string }
  /** The suite's file could not be loaded. */
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'end' };

/** Lines written since the last call. */
export function resultReader(file: string): () => readonly ResultLine[] {
  let read = 0;
  return () => {
    if (!existsSync(file)) return [];
    // The last piece is empty, or a line that is still being written.
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    const fresh = lines.slice(read).map((line) => JSON.parse(line) as ResultLine);
    read = lines.length;
    return fresh;
  };
}
