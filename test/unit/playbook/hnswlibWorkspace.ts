import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { editsOutsideModule } from '../../../src/engine/candidate/regionGate.ts';
import { proposeManifest, writeProposal } from '../../../src/engine/module/init.ts';
import { locateRegion } from '../../../src/engine/module/regions.ts';
import { loadWorkspace, type Workspace } from '../../../src/engine/module/workspace.ts';
import type { RewriteResult } from '../../../src/engine/policy/playbook/rewrite.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import { applyStep, type Step, syntax } from './rewritesWorkspace.ts';

/** hnswlib's own headers, as its npm package ships them. */
export const hnswlibHeaders = join(
  dirname(createRequire(import.meta.url).resolve('hnswlib-node/package.json')),
  'src/hnswlib',
);

/** A folder with a copy of the headers, as `annsmith init` sets it up. */
async function initialised(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'annsmith-hnswlib-'));
  try {
    await cp(hnswlibHeaders, join(root, 'hnswlib'), { recursive: true });
    await writeProposal(await proposeManifest(root, { syntax }));
    return await loadWorkspace(root, { syntax });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The workspace as loaded; its folder is gone, its texts are in `files`. */
export const hnswlib = await initialised();

/** Applies one rewrite to hnswlib, or to `files` that were made from it. */
export function applyToHnswlib(step: Step, files: FileTexts = hnswlib.files): RewriteResult {
  return applyStep(step, files, hnswlib.manifest);
}

/** Applies a program to hnswlib; throws where a rewrite declines. */
export function hnswlibProgram(steps: readonly Step[]): FileTexts {
  return steps.reduce<FileTexts>((files, step) => {
    const result = applyToHnswlib(step, files);
    if (result.kind === 'declined') throw new Error(`${step[0]} declined: ${result.reason}`);
    return result.files;
  }, hnswlib.files);
}

/** The files that differ from hnswlib's own. */
export function changedInHnswlib(after: FileTexts): FileTexts {
  return new Map([...after].filter(([path, text]) => hnswlib.files.get(path) !== text));
}

/** What a candidate of `module` may not change but did; empty when nothing. */
export function outsideHnswlibModule(module: ModuleName, after: FileTexts): readonly string[] {
  return editsOutsideModule({
    before: hnswlib.files,
    after: changedInHnswlib(after),
    regions: hnswlib.regions[module],
    locate: (ref, text) => locateRegion(syntax, ref, text),
  });
}

/** Writes the files below `root`, so that they can be compiled with `-I<root>/hnswlib`. */
export async function writeFiles(root: string, files: FileTexts): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
