import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A WASM file that the C++ grammar needs at run time. */
export interface GrammarAsset {
  /** Name of the file, the same in the package and beside a bundle. */
  readonly name: string;
  readonly packageName: string;
}

const parserAsset: GrammarAsset = { name: 'web-tree-sitter.wasm', packageName: 'web-tree-sitter' };
const grammarAsset: GrammarAsset = { name: 'tree-sitter-cpp.wasm', packageName: 'tree-sitter-cpp' };

/** The files a bundler copies next to its output. */
export const grammarAssets: readonly GrammarAsset[] = [parserAsset, grammarAsset];

/** Where the parser's and the grammar's WASM lie: beside the running file (a bundle), else in node_modules. */
export function grammarPaths(): { readonly parser: string; readonly grammar: string } {
  return { parser: assetPath(parserAsset), grammar: assetPath(grammarAsset) };
}

/**
 * The path of one asset.
 * @throws Error when it is neither beside the running file nor in an installed package.
 */
export function assetPath(asset: GrammarAsset): string {
  const beside = join(dirname(fileURLToPath(import.meta.url)), asset.name);
  if (existsSync(beside)) return beside;
  const require = createRequire(import.meta.url);
  try {
    return require.resolve(`${asset.packageName}/${asset.name}`);
  } catch (cause) {
    throw new Error(
      `${asset.name} was not found beside ${beside} nor in the package ${asset.packageName}; reinstall the dependencies`,
      { cause },
    );
  }
}
