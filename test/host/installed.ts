/** The VS Code that needs no display: code-server, made by scripts/vscodeHost.ts from the npm registry. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export const codeServer = {
  version: '4.139.1',
  /** Of the package's tarball. */
  integrity:
    'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
  /** VS Code inside it. */
  vscode: '1.139.1',
  platforms: ['linux-x64', 'linux-arm64'],
} as const;

export const hostFolder = join(root, 'build', 'vscode-host', codeServer.version);

/** The Node that it needs, which is the one the project pins. */
export const hostNode = join(root, 'node_modules', `node-${process.platform}-${process.arch}`);

/** How code-server is started, or undefined where it is not installed. */
export function findCodeServer(): { readonly node: string; readonly entry: string } | undefined {
  const node = join(hostNode, 'bin', 'node');
  const entry = join(hostFolder, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  return existsSync(node) && existsSync(entry) ? { node, entry } : undefined;
}
