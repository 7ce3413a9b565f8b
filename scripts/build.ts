/** Bundles the entry points into dist/. */
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
const require = createRequire(import.meta.url);

await mkdir(out, { recursive: true });
await build({
  entryPoints: { cli: join(root, 'src/cli/main.ts') },
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: true,
  logLevel: 'warning',
  // CommonJS dependencies inside an ES module bundle still call require().
  banner: {
    js: "import { createRequire as annsmithRequire } from 'node:module'; const require = annsmithRequire(import.meta.url);",
  },
});
// What a report carries inside itself.
await build({
  entryPoints: { report: join(root, 'webview/report/main.ts') },
  outdir: out,
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  legalComments: 'inline',
  logLevel: 'warning',
});
await build({
  entryPoints: [join(root, 'webview/report/report.css')],
  outdir: out,
  minify: true,
  logLevel: 'warning',
});
for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-cpp/tree-sitter-cpp.wasm']) {
  await copyFile(require.resolve(wasm), join(out, basename(wasm)));
}
