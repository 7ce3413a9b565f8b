import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cppTokens } from '../../../src/engine/reporting/cppTokens.ts';
import { diffView, plainDiff } from '../../../src/engine/reporting/diffView.ts';
import {
  formatBytes,
  formatGain,
  formatLatency,
  formatNumber,
  formatQps,
  formatRatio,
  formatRecall,
  formatSeconds,
  listed,
} from '../../../src/engine/reporting/format.ts';
import { html, jsonForScript } from '../../../src/engine/reporting/html.ts';
import { intervalGraphic, intervalScale } from '../../../src/engine/reporting/intervalGraphic.ts';
import { patchOf } from './sampleLedger.ts';

describe('numbers', () => {
  it.each([
    [formatGain(Math.log(1.5)), '+50.0\u00a0%'],
    [formatGain(Math.log(0.88)), '\u221212.0\u00a0%'],
    [formatGain(Math.log(3.123)), '+212\u00a0%'],
    [formatGain(0), '+0.0\u00a0%'],
    [formatRatio(1.8649), '1.86\u00d7'],
    [formatRatio(12.34), '12.3\u00d7'],
    [formatNumber(-0.001, 2), '0.00'],
    [formatNumber(-1234.5, 1), '\u22121,234.5'],
    [formatQps(12_345.6), '12,346'],
    [formatQps(12.34), '12.3'],
    [formatBytes(0), '0\u00a0B'],
    [formatBytes(1536), '1.5\u00a0KiB'],
    [formatBytes(199_229_440), '190\u00a0MiB'],
    [formatSeconds(0.123), '0.12\u00a0s'],
    [formatSeconds(61), '1\u00a0min 1\u00a0s'],
    [formatSeconds(7380), '2\u00a0h 3\u00a0min'],
    [formatLatency(0.000_312), '0.312\u00a0ms'],
    [formatRecall(0.95), '0.95'],
    [formatRecall(0.995), '0.995'],
    [listed(['a', 'b', 'c']), 'a, b and c'],
  ])('%s', (text, expected) => expect(text).toBe(expected));
});

describe('markup', () => {
  it('escapes every string, in text and in attributes', () => {
    const hostile = `<img src=x onerror="alert('1')">&`;
    const { text } = html`<p title="${hostile}">${[hostile, html`<b>${hostile}</b>`, null, false, 3]}</p>`;
    expect(text).not.toMatch(/<img|"alert|'1'/);
    expect(text).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
    expect(text.endsWith('</b>3</p>')).toBe(true);
  });

  it('writes JSON that cannot end its script element, and reads back the same', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const { text } = jsonForScript(JSON.parse(json));
        expect(text).not.toContain('<');
        expect(JSON.parse(text)).toEqual(JSON.parse(json));
      }),
    );
    expect(jsonForScript('</script><!--').text).not.toContain('<');
  });
});

describe('light colouring of C++', () => {
  it('loses no character of any line', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (line, inComment) => {
        fc.pre(!/[\n\r\u2028\u2029]/.test(line));
        expect(
          cppTokens(line, inComment)
            .tokens.map(({ text }) => text)
            .join(''),
        ).toBe(line);
      }),
    );
  });

  it('knows keywords, literals, comments and directives', () => {
    const kinds = (line: string) =>
      cppTokens(line, false).tokens.map(({ kind, text }) => `${kind}:${text.trim()}`);
    expect(kinds('#include <new>')[0]).toBe('directive:#include');
    expect(kinds('const int n = 0x1F; // why')).toEqual(
      expect.arrayContaining(['keyword:const', 'keyword:int', 'literal:0x1F', 'comment:// why', 'plain:n']),
    );
    expect(kinds('puts("a // b");')).toContain('literal:"a // b"');
    expect(cppTokens('x /* open', false).inComment).toBe(true);
    expect(cppTokens('still */ return', true)).toEqual({
      tokens: [
        { kind: 'comment', text: 'still */' },
        { kind: 'plain', text: ' ' },
        { kind: 'keyword', text: 'return' },
      ],
      inComment: false,
    });
  });
});

describe('a diff', () => {
  const plain = (markup: string) =>
    markup
      .replace(/<[^>]*>/g, '')
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&amp;/g, '&')
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'");

  it.each(['linear-candidate-pool', 'huge-pages', 'int8-preliminary-search'])(
    'shows every line of %s',
    (name) => {
      const patch = patchOf(name);
      const { text } = diffView(patch, true);
      const changed = patch.split('\n').filter((line) => /^[-+](?![-+]{2} )/.test(line));
      const shown = [
        ...text.matchAll(/<div class="line (added|removed)">.*?<span class="sign">(.)<\/span>(.*)<\/div>/g),
      ];
      expect(shown.map(([, , sign, code]) => `${sign}${plain(code!)}`)).toEqual(changed);
    },
  );

  it.each(['linear-candidate-pool', 'huge-pages', 'int8-preliminary-search'])(
    'shows %s as plain text, whole',
    (name) => {
      const patch = patchOf(name);
      const { text } = plainDiff(patch);
      expect(plain(text)).toBe(patch);
      const added = [...text.matchAll(/<span class="added">(.*?)<\/span>/gs)].map(([, lines]) =>
        plain(lines!),
      );
      const expected = patch.split('\n').filter((line) => /^\+(?!\+\+ )/.test(line));
      expect(
        added
          .join('')
          .split('\n')
          .filter((line) => line !== ''),
      ).toEqual(expected);
    },
  );

  it('numbers lines as the files have them', () => {
    const patch = '--- a/x.h\n+++ b/x.h\n@@ -5,3 +7,3 @@\n a\n-b\n+B\n c\n';
    const rows = [
      ...diffView(patch, true).text.matchAll(/<span class="no">(\d*)<\/span><span class="no">(\d*)<\/span>/g),
    ];
    expect(rows.map(([, before, after]) => [before, after])).toEqual([
      ['5', '7'],
      ['6', ''],
      ['', '8'],
      ['7', '9'],
    ]);
    expect(diffView(patch, true).text).toContain('<code>x.h</code>');
  });

  it('shows what is no diff as it is, escaped', () => {
    expect(diffView('<b>not a diff</b>', true).text).toContain('&lt;b&gt;not a diff&lt;/b&gt;');
    const broken = '--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n a\n';
    expect(diffView(broken, true).text).toContain('@@ -1,9 +1,9 @@');
  });
});

describe('the graphic of an interval', () => {
  it('keeps everything inside, cuts off what is far slower, and tells paired from resident', () => {
    const estimates = [
      { value: 0.5, low: 0.4, high: 0.6 },
      { value: -2, low: -3, high: -1.5 },
    ];
    const scale = intervalScale(estimates);
    expect(scale).toEqual({ low: -0.5, high: 0.6 });
    for (const estimate of estimates) {
      const { text } = intervalGraphic(estimate, 'paired', scale);
      expect(text).toContain('class="paired"');
      const places = [...text.matchAll(/(?:x1|x2|cx)="([\d.-]+)"/g)].map(([, x]) => Number(x));
      expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...places)).toBeLessThanOrEqual(160);
    }
  });
});
