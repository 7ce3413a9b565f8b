import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { CppSyntaxTrees } from './cppSyntax.ts';
import { hnswlibLayout } from './hnswlibLayout.ts';
import { manifestFileName, parseManifest } from './manifestFile.ts';
import { readSources } from './sourceFiles.ts';
import { symbolLayout } from './symbolLayout.ts';
import { hasManifest } from './workspace.ts';
import type { LayoutMatch, WorkspaceLayout } from './workspaceLayout.ts';

/** What `init` would write. Nothing is written yet. */
export interface Proposal {
  readonly root: string;
  /** Absolute paths; the manifest comes first. None of them exists. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly reasons: readonly string[];
}

const layouts: readonly WorkspaceLayout[] = [hnswlibLayout, symbolLayout];

/**
 * Recognises an HNSW workspace and proposes its manifest, with an adapter where one is needed.
 * @throws UserError when there is a manifest already, or nothing is recognised (it lists what was looked for).
 */
export async function proposeManifest(
  dir: string,
  { syntax }: { readonly syntax: CppSyntaxTrees },
): Promise<Proposal> {
  const root = resolve(dir);
  const manifestPath = join(root, manifestFileName);
  if (await hasManifest(root)) {
    throw new UserError('manifest-exists', `${manifestPath} exists already`, 'edit it, or remove it first');
  }
  const { files, problems } = await readSources(root, ['.'], []).catch((cause: unknown) => {
    throw new UserError(
      'no-workspace',
      `${root} cannot be read`,
      'name the folder of the C++ sources',
      cause,
    );
  });
  for (const layout of layouts) {
    const match = layout.recognise(files, syntax);
    if (match === undefined) continue;
    const existing = [...match.added.keys()].find((path) => files.has(path));
    if (existing !== undefined) {
      const path = join(root, existing);
      throw new UserError(
        'adapter-exists',
        `${path} exists already`,
        'move it away, or write annsmith.json by hand',
      );
    }
    const text = manifestText(root, match);
    // A proposal that its own reader refuses would be a bug; it shows here, not in the user's next command.
    parseManifest(text, manifestPath);
    const skipped = problems.map(({ path, message }) => `left out: ${path} ${message}`);
    return {
      root,
      files: [
        { path: manifestPath, text },
        ...[...match.added].map(([path, added]) => ({ path: join(root, path), text: added })),
      ],
      reasons: [...match.reasons, ...skipped],
    };
  }
  throw new UserError(
    'not-recognised',
    `no HNSW workspace was recognised in ${root} (${files.size} C++ files); looked for ${layouts
      .map(({ looksFor }) => looksFor)
      .join('; or for ')}`,
    'run init in the folder of the sources, or write annsmith.json by hand',
  );
}

/** Writes a proposal. @throws when one of its files has appeared since; nothing is ever overwritten. */
export async function writeProposal({ files }: Proposal): Promise<void> {
  for (const { path, text } of [...files].reverse()) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  }
}

function manifestText(root: string, { manifest }: LayoutMatch): string {
  const whole = {
    name: root.split(/[\\/]/).filter(Boolean).at(-1) ?? 'workspace',
    ...manifest,
    index: { M: 16, efConstruction: 200, seed: 42 },
    // On images curves of M = 16 begin above 0.93, so the default window would not be reached.
    search: { k: 10, ef: 'auto', recallWindow: [0.95, 0.995] },
    datasets: [
      'mnist-784-euclidean',
      'fashion-mnist-784-euclidean',
      { name: 'wink-100-angular', recallWindow: [0.85, 0.95] },
    ],
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
