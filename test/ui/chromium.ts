/** Where the tests of pages find a Chromium. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The build that is fetched where the machine has none: a headless Chromium inside an npm package. */
export const fetchedChromium = {
  packageName: '@sparticuz/chromium',
  version: '153.0.0',
  /** Of the package's tarball. */
  integrity:
    'sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==',
  platform: 'linux-x64',
} as const;

/** Made by scripts/getChromium.ts: `chromium`, and `lib` where the machine lacks libraries it needs. */
export const fetchedFolder = join(root, 'build', 'chromium', fetchedChromium.version);

export interface Chromium {
  readonly path: string;
  /** Beside the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** `$CHROMIUM`, else one on the PATH, else the fetched one. Undefined where there is none. */
export function findChromium(): Chromium | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== '') return { path: CHROMIUM, env: {} };
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
  const installed = PATH.split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (installed !== undefined) return { path: installed, env: {} };
  const path = join(fetchedFolder, 'chromium');
  if (!existsSync(path)) return undefined;
  const lib = join(fetchedFolder, 'lib');
  return { path, env: existsSync(lib) ? { LD_LIBRARY_PATH: lib } : {} };
}
