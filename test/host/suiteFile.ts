/** Suite files: which there are, what each asks of its window, and their bundles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');
const folder = join(import.meta.dirname, 'suites');
/** Inside the repository, so that mocha is found from there. */
const out = join(root, 'build', 'host-tests');

export const entryBundle = join(out, 'entry.cjs');

export interface SuiteFile {
  readonly name: string;
  readonly path: string;
  /** Where its bundle goes. */
  readonly bundle: string;
  readonly restricted: boolean;
  /** Absolute; a fresh copy of it is opened. Undefined: a window without a folder. */
  readonly workspace: string | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The value of a line `// NAME: VALUE`. */
function directive(text: string, name: string): string | undefined {
  return new RegExp(`^// ${name}: (.*)$`, 'm').exec(text)?.[1]?.trim();
}

export function suiteFiles(): readonly SuiteFile[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.suite.ts'))
    .sort();
  return names.map((name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const workspace = directive(text, 'workspace') ?? 'examples/hnsw';
    return {
      name: name.slice(0, -'.suite.ts'.length),
      path,
      bundle: join(out, name.replace(/\.ts$/, '.cjs')),
      restricted: name.endsWith('.restricted.suite.ts'),
      workspace: workspace === 'none' ? undefined : join(root, workspace),
      settings: JSON.parse(directive(text, 'settings') ?? '{}') as Record<string, unknown>,
    };
  });
}

/** Throws where the file cannot be bundled. */
export async function bundleForHost(path: string, bundle: string): Promise<void> {
  await build({
    entryPoints: [path],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'silent',
  });
}

export const bundleEntry = (): Promise<void> =>
  bundleForHost(join(import.meta.dirname, 'entry.ts'), entryBundle);
