/** Files that the benchmark view exports: what they hold, and what the host writes. */
import { describe, expect, it } from 'vitest';
import { exportBytes, exportName } from '../../../../src/host/curves/exportFile.ts';
import { csvOf } from '../../../../webview/curves/csv.ts';
import { plotOf } from '../../../../webview/curves/plot.ts';
import { type Drawing, svgOf } from '../../../../webview/curves/svg.ts';
import { sampleCurves, sampleSeries } from './sampleCurves.ts';

describe('the host', () => {
  it('names a file after the dataset, and no folder', () => {
    expect(exportName('mnist-784-euclidean', 'png')).toBe('annsmith-curves-mnist-784-euclidean.png');
    expect(exportName('../../etc/passwd\0', 'csv')).toBe('annsmith-curves-etc-passwd-.csv');
    expect(exportName('', 'svg')).toBe('annsmith-curves.svg');
    expect(exportName('x'.repeat(500), 'svg').length).toBeLessThan(110);
  });

  it('writes what looks like its format, and nothing else', () => {
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2]);
    expect(Buffer.from(exportBytes('png', png.toString('base64')))).toEqual(png);
    expect(Buffer.from(exportBytes('svg', '<svg xmlns="x"/>')).toString()).toBe('<svg xmlns="x"/>');
    expect(Buffer.from(exportBytes('csv', 'kind,run\r\n')).toString()).toBe('kind,run\r\n');
    expect(() => exportBytes('png', Buffer.from('#!/bin/sh').toString('base64'))).toThrow('no PNG file');
    expect(() => exportBytes('svg', '<html>')).toThrow('no SVG file');
    expect(() => exportBytes('csv', '#!/bin/sh')).toThrow('no CSV file');
  });
});

describe('CSV', () => {
  it('has a line per point and per interval, with plain numbers', () => {
    const { series, runs } = sampleCurves();
    const winner = { ...series[1]!, intervals: [{ recall: 0.95, value: 7500, low: 7300, high: 7700 }] };
    const [head, ...lines] = csvOf([winner], runs).trimEnd().split('\r\n');
    const columns = head!.split(',');
    expect(lines).toHaveLength(5);
    const cells = Object.fromEntries(columns.map((name, i) => [name, lines[0]!.split(',')[i]]));
    expect(cells).toMatchObject({ kind: 'point', run: 'r2', candidate: 'g1c1', ef: '10', recall: '0.9312' });
    expect(cells).toMatchObject({ qps: '9315', on_frontier: 'true', gain_ln: '0.4', timing: 'resident' });
    expect(lines[4]).toMatch(/^interval,r2,.*,0\.95,7500,7300,7700,,,0\.4,0\.38,0\.42,/);
  });

  it('quotes what would break it, and disarms formulas', () => {
    const text = csvOf([sampleSeries({ id: 'x', name: '=HYPERLINK("http://x")', dataset: 'a,b\nc' })], []);
    expect(text).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(text).toContain('"a,b\nc"');
  });
});

describe('SVG', () => {
  const series = sampleCurves().series.slice(0, 2);
  const drawing = (name = 'curve'): Drawing => ({
    plot: plotOf(
      [series[0]!, { ...series[1]!, intervals: [{ recall: 0.95, value: 7500, low: 7300, high: 7700 }] }],
      [[0.95, 0.98]],
      new Map([['r2/g1c1', 0]]),
    ),
    title: name,
    caption: 'Shaded: 0.95 to 0.98',
    x: { min: 0.93, max: 0.99, title: 'Recall', ticks: [{ value: 0.95, label: '0.95' }] },
    y: { min: 2000, max: 10_000, title: 'QPS', ticks: [{ value: 5000, label: '5,000' }] },
    colours: { text: '#111', muted: '#555', line: '#ddd', surface: '#fff', window: '#eef' },
    colourOf: ({ slot }) => (slot === undefined ? '#111' : '#00f'),
    nameOf: () => name,
  });

  it('has axes, the window, frontiers, points, intervals and a legend', () => {
    const { text } = svgOf(drawing());
    for (const part of ['>Recall<', '>QPS<', '>0.95<', '>5,000<', 'fill="#eef"', 'Shaded: 0.95 to 0.98'])
      expect(text).toContain(part);
    // Four points per curve, and a marker in the legend.
    expect(text.match(/<path d="[^"]*Z" fill="#111"/g)).toHaveLength(5);
    expect(text.match(/<path d="[^"]*Z" fill="#00f"/g)).toHaveLength(5);
    expect(text.match(/<text[^>]*>curve<\/text>/g)).toHaveLength(3);
    // Higher on the page is faster: 7500 QPS lies in the upper half of a logarithmic axis from 2000 to 10000.
    const [, x, low, high] = /M([\d.]+) ([\d.]+)V([\d.]+)/.exec(text)!.map(Number);
    expect(low).toBeGreaterThan(high!);
    expect(x).toBeCloseTo(84 + ((0.95 - 0.93) / 0.06) * (960 - 24 - 84), 1);
  });

  it('takes names for text, whatever is in them', () => {
    const { text } = svgOf(drawing('</text><script>alert(1)</script>&"\u0000\ud800'));
    expect(text).not.toContain('<script');
    expect(text).toContain('&lt;/text&gt;&lt;script&gt;');
    expect(text).not.toContain('\u0000');
    expect(text.isWellFormed()).toBe(true);
  });
});
