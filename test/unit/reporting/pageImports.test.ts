/** The code of pages may import protocol and chart.js, nothing else. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..', '..', '..', 'webview');

it('webview imports protocol and chart.js only', async () => {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(4);
  const imports = await Promise.all(
    files.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      return [...text.matchAll(/from '([^']+)'/g)].map(([, target]) => `${name} -> ${target}`);
    }),
  );
  const allowed = / -> (?:chart\.js|\.\/.*|\.\.\/shared\/.*|(?:\.\.\/)+src\/protocol\/.*)$/;
  expect(imports.flat().filter((line) => !allowed.test(line))).toEqual([]);
});
