import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Platforms by VS Code's names, which are Node's. */
export const platform = `${process.platform}-${process.arch}`;

function vsix(suffix: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return join(root, 'dist', `annsmith-${version}${suffix}.vsix`);
}

/** Holds the native parts, built for this platform. */
export const platformVsix = (): string => vsix(`-${platform}`);

/** Builds the native parts on first use. */
export const universalVsix = (): string => vsix('');
