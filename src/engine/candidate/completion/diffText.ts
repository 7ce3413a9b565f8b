/**
 * The unified diff in the lines of a fence, fit for `applyPatch`; `file` stands in for missing file headers. A reader
 * of patches skips what it does not understand; here every line must be part of the diff.
 */
export function diffText(
  fenced: readonly string[],
  file: string | undefined,
): { readonly text: string } | { readonly problem: string } {
  const first = fenced.findIndex((line) => line.trim() !== '');
  const lines = fenced.slice(first, fenced.findLastIndex((line) => line.trim() !== '') + 1);
  if (!lines.some((line) => line.startsWith('@@ '))) return { problem: 'the diff has no `@@` lines' };
  const bare = lines[0]?.startsWith('@@ ') ?? false;
  if (bare && file === undefined) return { problem: 'no `FILE:` line says which file the diff is for' };
  const whole = bare ? [`--- a/${file}`, `+++ b/${file}`, ...lines] : lines;
  const stray = strayLine(whole);
  if (stray !== undefined) return { problem: `\`${stray.trim().slice(0, 120)}\` is no part of the diff` };
  return { text: `${whole.join('\n')}\n` };
}

/** The first line that belongs neither to a file header nor to a hunk of the length that its head says. */
function strayLine(lines: readonly string[]): string | undefined {
  let old = 0;
  let made = 0;
  let named = false;
  for (const line of lines) {
    if (line.startsWith('\\')) continue;
    if (old > 0 || made > 0) {
      if (!/^[-+ ]/.test(line)) return line;
      if (!line.startsWith('+')) --old;
      if (!line.startsWith('-')) --made;
      if (old < 0 || made < 0) return line;
      continue;
    }
    const head = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (head) {
      if (!named) return line;
      old = Number(head[1] ?? 1);
      made = Number(head[2] ?? 1);
    } else if (!/^(?:diff |index |Index: |={3,}$|--- |\+\+\+ )/.test(line)) {
      return line;
    } else {
      named = line.startsWith('+++ ');
    }
  }
  return undefined;
}
