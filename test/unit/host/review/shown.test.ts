import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goneLines, hunkMarkup, newLines, sizeOf, wordsByLine } from '../../../../src/host/review/markup.ts';
import { acceptedLines, survival } from '../../../../src/host/review/survival.ts';
import { changedWords } from '../../../../src/host/review/words.ts';

const markup = (removed: string[], added: string[], causes: string[] = []): string =>
  hunkMarkup({ removed, added, causes, onlyRemoves: 'Only removes lines.', more: (n) => `${n} more lines` });

describe('a hunk as it is shown', () => {
  it('tells removed and added lines from unchanged ones between', () => {
    const hunk = { removed: ['a\n', 'b\n', 'c\n'], added: ['A\n', 'b\n', 'C\n', 'D\n'] };
    expect(goneLines(hunk)).toEqual([0, 2]);
    expect(newLines(hunk).map(({ added }) => added)).toEqual([true, false, true, true]);
    expect(sizeOf(hunk)).toEqual({ added: 3, removed: 2 });
  });

  it('escapes everything, and keeps to the styles that the editor lets through', () => {
    const evil = 'if (a<b && c>d) "x"; // <img src=x onerror=alert(1)> </pre></code> \'y\' [l](command:x)\n';
    const html = markup([], [evil], ['<b>because</b>']);
    const tags = html.match(/<[^>]*>/g)!;
    const line = '<span style="background-color:var(--vscode-diffEditor-insertedLineBackground);">';
    expect(new Set(tags)).toEqual(
      new Set(['<p>', '</p>', '<pre>', '<code>', line, '</span>', '</code>', '</pre>']),
    );
    expect(html).toContain('&lt;b&gt;because&lt;/b&gt;');
    // The pattern of VS Code's sanitizer for the style of a span.
    const allowed =
      /^(color:(#[0-9a-fA-F]+|var\(--vscode(-[a-zA-Z0-9]+)+\));)?(background-color:(#[0-9a-fA-F]+|var\(--vscode(-[a-zA-Z0-9]+)+\));)?$/;
    for (const [, style] of html.matchAll(/style="([^"]*)"/g)) expect(style).toMatch(allowed);
  });

  it('gives the lines back, whatever is in them', () => {
    const property = fc.property(
      fc.array(
        fc.string({ unit: 'grapheme', maxLength: 30 }).map((s) => s.replace(/[\r\n\t]/g, ' ')),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
      fc.array(fc.constantFrom('int a = 1;\n', 'x\n', 'y y\n'), { maxLength: 4 }),
      (lines, removed) => {
        const html = markup(
          removed,
          lines.map((line) => `${line}\n`),
        );
        const text = html
          .replace(/^<pre><code>|<\/code><\/pre>$/g, '')
          .replace(/<\/?span[^>]*>/g, '')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&');
        expect(
          text
            .split('\n')
            .slice(0, -1)
            .map((line) => line.slice(2).trimEnd()),
        ).toEqual(lines.map((line) => line.trimEnd()));
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });

  it('says so where nothing is added, and where there is too much to show', () => {
    expect(markup(['a\n'], [])).toBe('<p>Only removes lines.</p>');
    const many = Array.from({ length: 230 }, (_, i) => `line ${i}\n`);
    expect(markup([], many)).toContain('<p>30 more lines</p>');
  });

  it('marks the words that differ, and none where nearly all do', () => {
    const [removed, added] = ['  return worst();\n', '  return best();\n'];
    const words = changedWords(removed, added);
    expect(words.removed.map(({ start, end }) => removed.slice(start, end))).toEqual(['worst']);
    expect(words.added.map(({ start, end }) => added.slice(start, end))).toEqual(['best']);
    expect(changedWords('alpha beta\n', 'one two three\n')).toEqual({ removed: [], added: [] });
    expect(markup([removed], [added])).toContain(
      '<span style="background-color:var(--vscode-diffEditor-insertedTextBackground);">best</span>',
    );
  });
});

describe('changed words by line', () => {
  it('leaves out the unchanged lines between edits', () => {
    const removed = ['  frontier_.clear();\n', '  found_.clear();\n'];
    const added = ['  found_.clear();\n', '  expanded_.clear();\n'];
    const words = wordsByLine({ removed, added });
    expect([...words.removed]).toEqual([[0, [{ start: 2, end: 11 }]]]);
    expect([...words.added]).toEqual([[1, [{ start: 2, end: 11 }]]]);
  });
});

describe('survival of accepted lines', () => {
  const added = ['  Prefetch(row);\n', '  ++next;\n', '}\n'];
  const file = `int a;\n${added.join('')}int b;\n}\n`;
  const lines = acceptedLines(added, file);

  it('is 1 while they stand, wherever they are moved and however they are indented', () => {
    expect(survival(lines, file)).toBe(1);
    expect(survival(lines, `${added.map((line) => line.trim()).join('\r\n')}\r\n`)).toBe(1);
  });

  it('is the share that stands, braces left out', () => {
    expect(survival(lines, file.replace('  ++next;\n', ''))).toBe(0.5);
    expect(survival(lines, 'int a;\nint b;\n}\n}\n}\n')).toBe(0);
  });

  it('does not take the same line elsewhere for its own', () => {
    const twice = `Prefetch(row);\n${file}`;
    const known = acceptedLines(added, twice);
    expect(survival(known, twice)).toBe(1);
    expect(survival(known, twice.replace('  Prefetch(row);\n', ''))).toBe(0.5);
  });

  it('is 1 for a hunk that only removes, and counts braces where there is nothing else', () => {
    expect(survival(acceptedLines([], file), file)).toBe(1);
    expect(survival(acceptedLines(['{\n', '}\n'], '{\n}\n'), '')).toBe(0);
  });
});
