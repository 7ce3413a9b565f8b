/** Bundles the entry points into dist/. */
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
const require = createRequire(import.meta.url);

const program: BuildOptions = {
  outdir: out,
  bundle: true,
  platform: 'node',
  sourcemap: true,
  logLevel: 'warning',
};
/** The command line and the engine server: ES modules. */
const engine: BuildOptions = {
  ...program,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // CommonJS dependencies inside an ES module bundle still call require().
  banner: {
    js: "import { createRequire as annsmithRequire } from 'node:module'; const require = annsmithRequire(import.meta.url);",
  },
};
const page: BuildOptions = {
  outdir: out,
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  legalComments: 'inline',
  logLevel: 'warning',
};

async function bundle(name: string, entry: string, options: BuildOptions): Promise<void> {
  await build({ ...options, entryPoints: { [name]: join(root, entry) } });
}

await mkdir(out, { recursive: true });
await bundle('cli', 'src/cli/main.ts', { ...engine, target: 'node24' });
// An editor brings a Node of its own, and may be an older one.
await bundle('server', 'src/server/main.ts', { ...engine, target: 'node20' });
await bundle('extension', 'src/extension.ts', {
  ...program,
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  outExtension: { '.js': '.cjs' },
});
// What a report carries inside itself, and the benchmark view of the editor.
for (const name of ['report', 'curves']) {
  await bundle(name, `webview/${name}/main.ts`, page);
  await bundle(name, `webview/${name}/${name}.css`, page);
}
for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-cpp/tree-sitter-cpp.wasm']) {
  await copyFile(require.resolve(wasm), join(out, basename(wasm)));
}
