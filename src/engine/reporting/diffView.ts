import { parsePatch, type StructuredPatch } from 'diff';
import { cppTokens } from './cppTokens.ts';
import { counted } from './format.ts';
import { type Html, html } from './html.ts';

type Hunk = StructuredPatch['hunks'][number];

/** A unified diff, one block per file, C++ coloured lightly. What cannot be read as a diff is shown as it is. */
export function diffView(patch: string, open: boolean): Html {
  let files: readonly StructuredPatch[];
  try {
    files = parsePatch(patch).filter(({ hunks }) => hunks.length > 0);
  } catch {
    files = [];
  }
  if (files.length === 0) return html`<pre class="code" tabindex="0">${patch}</pre>`;
  return html`${files.map((file) => fileView(file, open))}`;
}

/** A unified diff as text, runs of added and removed lines marked: small enough for every candidate of a long run. */
export function plainDiff(patch: string): Html {
  const runs = patch.matchAll(
    /^(?:(\+(?!\+\+ )).*\n?(?:\+(?!\+\+ ).*\n?)*|(-(?!-- )).*\n?(?:-(?!-- ).*\n?)*|.*\n?)/gm,
  );
  const marked = [...runs].map(([text, added, removed]) =>
    added === undefined && removed === undefined
      ? html`${text}`
      : html`<span class="${added === undefined ? 'removed' : 'added'}">${text}</span>`,
  );
  return html`<pre class="code plain" tabindex="0">${marked}</pre>`;
}

function fileView(file: StructuredPatch, open: boolean): Html {
  const lines = file.hunks.flatMap((hunk) => hunk.lines);
  const added = lines.filter((line) => line.startsWith('+')).length;
  const removed = lines.filter((line) => line.startsWith('-')).length;
  const name = nameOf(file);
  return html`<details class="file"${open ? html` open` : null}><summary><code>${name}</code> <span class="muted">${counted(added, 'line')} added, ${removed} removed</span></summary>
<div class="code diff" tabindex="0" role="region" aria-label="Changes of ${name}">${file.hunks.map(hunkView)}</div></details>`;
}

function nameOf({ oldFileName, newFileName }: StructuredPatch): string {
  const name = newFileName === undefined || newFileName === '/dev/null' ? oldFileName : newFileName;
  return (name ?? '').replace(/^[ab]\//, '');
}

const kinds: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed' };

/** Old and new lines carry block comments on separately. */
function hunkView(hunk: Hunk): Html {
  let before = hunk.oldStart;
  let after = hunk.newStart;
  const inComment = { old: false, new: false };
  const rows = hunk.lines.map((line): Html | null => {
    const sign = line[0] ?? ' ';
    if (sign === '\\') return null;
    const side = sign === '-' ? 'old' : 'new';
    const { tokens, inComment: open } = cppTokens(line.slice(1), inComment[side]);
    inComment[side] = open;
    if (sign === ' ') inComment.old = open;
    const numbers = [sign === '+' ? '' : before++, sign === '-' ? '' : after++];
    const code = tokens.map(({ kind: token, text }) =>
      token === 'plain' ? html`${text}` : html`<span class="${token}">${text}</span>`,
    );
    return html`<div class="line ${kinds[sign] ?? 'same'}"><span class="no">${numbers[0]!}</span><span class="no">${numbers[1]!}</span><span class="sign">${sign}</span><span class="text">${code}</span></div>
`;
  });
  const { oldStart, oldLines, newStart, newLines } = hunk;
  return html`<div class="hunk">@@ -${oldStart},${oldLines} +${newStart},${newLines} @@</div>
${rows}`;
}
