import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExtensionContext } from 'vscode';

/** What must be there for the native parts to count as built. */
const needed = process.platform === 'linux' ? ['annsmith-harness', 'annsmith.node'] : ['annsmith.node'];

const isBuilt = (folder: string): boolean => needed.every((name) => existsSync(join(folder, 'bin', name)));

/**
 * Where the engine finds its native parts, for `$ANNSMITH_NATIVE_DIR` of the server: those the package brings, else the
 * ones built on this machine, in the extension's own storage, as the package's folder may not be writable.
 */
export function nativeFolder(extension: ExtensionContext): string {
  const chosen = process.env['ANNSMITH_NATIVE_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const brought = join(extension.extensionPath, 'build', 'native');
  if (isBuilt(brought)) return brought;
  const { version } = extension.extension.packageJSON as { version: string };
  return join(extension.globalStorageUri.fsPath, `native-${version}`);
}

/** True when the engine can measure. */
export function nativePartsBuilt(extension: ExtensionContext): boolean {
  return isBuilt(nativeFolder(extension));
}

/** The sources of the native parts, or undefined in a package that brings them built. */
export function nativeSources(extension: ExtensionContext): string | undefined {
  const folder = join(extension.extensionPath, 'native');
  return existsSync(join(folder, 'CMakeLists.txt')) ? folder : undefined;
}
