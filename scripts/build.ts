/** Bundles the entry points into dist/. */
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
const require = createRequire(import.meta.url);

/** Modules that are imported when they are needed, by what their `import()` names, and the bundle that each becomes. */
const onDemand: Readonly<Record<string, string>> = {
  './annsmithClient.ts': './languageClient.cjs',
  'h5wasm/node': './h5wasm.mjs',
  openai: './openai.mjs',
};
const bundlesOnDemand: Plugin = {
  name: 'bundles on demand',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) => {
      const bundled = kind === 'dynamic-import' ? onDemand[path] : undefined;
      return bundled === undefined ? undefined : { path: bundled, external: true };
    });
  },
};

const program: BuildOptions = {
  outdir: out,
  bundle: true,
  platform: 'node',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [bundlesOnDemand],
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
/** What an editor waits for: without its spaces it is read faster, and an error's stack still has names. */
const compact: BuildOptions = { minifySyntax: true, minifyWhitespace: true };
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

/** The entry: a file below the repository, or a package. */
async function bundle(name: string, entry: string, options: BuildOptions): Promise<void> {
  await build({ ...options, absWorkingDir: root, entryPoints: { [name]: entry } });
}

await mkdir(out, { recursive: true });
await bundle('cli', 'src/cli/main.ts', { ...engine, target: 'node24' });
// An editor brings a Node of its own, and may be an older one.
await bundle('server', 'src/server/main.ts', { ...engine, ...compact, target: 'node20' });
const extension: BuildOptions = {
  ...program,
  format: 'cjs',
  target: 'node20',
  ...compact,
  external: ['vscode'],
  outExtension: { '.js': '.cjs' },
  // An editor's `import()` does not know the module `vscode`; its `require` does.
  supported: { 'dynamic-import': false },
};
await bundle('extension', 'src/extension.ts', extension);
await bundle('languageClient', 'src/host/engine/annsmithClient.ts', extension);
for (const [name, entry] of Object.entries({ h5wasm: 'h5wasm/node', openai: 'openai' }))
  await bundle(name, entry, { ...engine, target: 'node20' });
// What a report carries inside itself, and the views of the editor.
for (const name of ['report', 'curves', 'rounds']) {
  await bundle(name, `webview/${name}/main.ts`, page);
  await bundle(name, `webview/${name}/${name}.css`, page);
}
for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-cpp/tree-sitter-cpp.wasm']) {
  await copyFile(require.resolve(wasm), join(out, basename(wasm)));
}
