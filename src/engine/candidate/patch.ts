import { createHash } from 'node:crypto';
import { formatPatch, parsePatch, type StructuredPatchHunk, structuredPatch } from 'diff';
import type { FileTexts } from '../../protocol/policy.ts';

export type AppliedPatch =
  | { readonly kind: 'applied'; readonly files: FileTexts }
  | { readonly kind: 'refused'; readonly detail: string };

/** Files of `after` whose text differs from that in `before`, sorted by path. `after` may hold changed files only. */
export function changedFiles(before: FileTexts, after: FileTexts): FileTexts {
  const changed = [...after].filter(([path, text]) => before.get(path) !== text);
  return new Map(changed.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A unified diff with `a/` and `b/` prefixes, files sorted by path; empty when nothing changed. */
export function unifiedDiff(before: FileTexts, after: FileTexts): string {
  return [...changedFiles(before, after)]
    .map(([path, text]) =>
      formatPatch(
        structuredPatch(`a/${path}`, `b/${path}`, before.get(path) ?? '', text, undefined, undefined, {
          context: 3,
        }),
      ),
    )
    .map((patch) => patch.replace(/^=+\n/, ''))
    .join('');
}

/** SHA-256 (hex) over the changed files, path and text, sorted by path: equal for equal candidates. */
export function patchHash(before: FileTexts, after: FileTexts): string {
  return createHash('sha256')
    .update(JSON.stringify([...changedFiles(before, after)]))
    .digest('hex');
}

/**
 * Applies a unified diff strictly: every context and removed line must be exactly where the patch says. Refuses files
 * that the workspace does not have; it never creates, deletes or renames one.
 */
export function applyPatch(before: FileTexts, patch: string): AppliedPatch {
  const files = new Map(before);
  let parsed: ReturnType<typeof parsePatch>;
  try {
    parsed = parsePatch(patch);
  } catch (error) {
    return {
      kind: 'refused',
      detail: `the patch cannot be read: ${error instanceof Error ? error.message : error}`,
    };
  }
  for (const { oldFileName, newFileName, hunks } of parsed) {
    if (hunks.length === 0 && oldFileName === undefined && newFileName === undefined) continue;
    const path = newFileName?.replace(/^b\//, '');
    const text = path === undefined ? undefined : files.get(path);
    if (path === undefined || text === undefined || oldFileName?.replace(/^a\//, '') !== path) {
      return {
        kind: 'refused',
        detail: `${oldFileName} -> ${newFileName}: not a change of a workspace file`,
      };
    }
    const result = applyHunks(path, text, hunks);
    if (typeof result === 'string') return { kind: 'refused', detail: result };
    files.set(path, result.text);
  }
  return { kind: 'applied', files: changedFiles(before, files) };
}

/** The new text, or why the hunks do not fit. Lines keep their ends, so a lost final newline is a difference. */
function applyHunks(
  path: string,
  text: string,
  hunks: readonly StructuredPatchHunk[],
): { readonly text: string } | string {
  const old = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const made: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    // A hunk without old lines names the line before it.
    const start = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
    if (start < at) return `${path}: hunks overlap at line ${hunk.oldStart}`;
    made.push(...old.slice(at, start));
    at = start;
    for (const [i, line] of hunk.lines.entries()) {
      if (line.startsWith('\\')) continue;
      const ended = hunk.lines[i + 1]?.startsWith('\\') ? line.slice(1) : `${line.slice(1)}\n`;
      if (line.startsWith('+')) {
        made.push(ended);
      } else if (old[at] === ended) {
        if (line.startsWith(' ')) made.push(ended);
        ++at;
      } else {
        return `${path}:${at + 1}: expected ${JSON.stringify(ended)}, found ${JSON.stringify(old[at] ?? '')}`;
      }
    }
  }
  return { text: [...made, ...old.slice(at)].join('') };
}
