/** The document of the benchmark view and its policy. */
import { expect, it } from 'vitest';
import { pageHtml } from '../../../../src/host/page/html.ts';

const document = {
  cspSource: 'https://files.example',
  nonce: 'n0nce',
  script: 'https://files.example/dist/curves.js',
  style: 'https://files.example/dist/curves.css',
  title: 'Curves',
  loading: 'Reading…',
  language: 'en',
};

it('allows its own script and style, and nothing else', () => {
  const text = pageHtml(document);
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text) ?? [];
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'nonce-n0nce'",
    'style-src https://files.example',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(policy).not.toMatch(/unsafe|\*/);
});

it('has no inline script, style or handler', () => {
  const text = pageHtml(document);
  expect(text).not.toMatch(/<style|\sstyle=|\son\w+=/);
  expect(text.match(/<script/g)).toHaveLength(1);
  expect(text).toMatch(/<script nonce="n0nce" src="https:\/\/files\.example\/dist\/curves\.js"><\/script>/);
});

it('takes texts for text', () => {
  const hostile = `"><script>alert(1)</script>`;
  const text = pageHtml({ ...document, title: hostile, loading: hostile, language: hostile });
  expect(text.match(/<script/g)).toHaveLength(1);
  expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
});
