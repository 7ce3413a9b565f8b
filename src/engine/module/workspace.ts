import { stat } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import type { Manifest } from '../../protocol/manifest.ts';
import {
  type ModuleName,
  moduleNames,
  type Region,
  type RoleName,
  roleNames,
  type SymbolRef,
} from '../../protocol/module.ts';
import type { FileTexts } from '../../protocol/policy.ts';
import type { CppSyntaxTrees } from './cppSyntax.ts';
import { manifestFileName, parseManifest } from './manifestFile.ts';
import { locateRegions, type RegionResult } from './regions.ts';
import { type ReadText, readSources, readUtf8 } from './sourceFiles.ts';
import { WorkspaceError, type WorkspaceProblem } from './workspaceError.ts';

/** A workspace as saved: its manifest, its sources and where its modules and roles are. */
export interface Workspace {
  /** Absolute path. */
  readonly root: string;
  readonly manifest: Manifest;
  readonly files: FileTexts;
  /** Regions of each module in manifest order; a module that the manifest does not name has none. */
  readonly regions: Readonly<Record<ModuleName, readonly Region[]>>;
  readonly roles: Readonly<Partial<Record<RoleName, Region>>>;
}

/**
 * Loads `dir/annsmith.json` and everything it names.
 * @throws WorkspaceError with every problem found at once.
 */
export async function loadWorkspace(
  dir: string,
  { syntax, readText = readUtf8 }: { readonly syntax: CppSyntaxTrees; readonly readText?: ReadText },
): Promise<Workspace> {
  const root = resolve(dir);
  const manifestPath = join(root, manifestFileName);
  const manifest = parseManifest(await readManifest(manifestPath, readText), manifestPath);
  const { files, problems: unread } = await readSources(
    root,
    manifest.build.includeDirs,
    namedFiles(manifest),
    readText,
  );
  const problems: WorkspaceProblem[] = unread.map(({ path, message, fix }) => ({
    field: fieldNaming(manifest, path),
    message: `${path} ${message}`,
    fix,
  }));

  const located = locateAll(syntax, references(manifest), files);
  const locate = (ref: SymbolRef, field: string): Region | undefined => {
    const file = posix.normalize(ref.file);
    const result = located.get(file)?.get(ref.symbol);
    if (result === undefined) {
      if (!unread.some(({ path }) => posix.normalize(path) === file)) {
        problems.push({ field: `${field}.file`, message: `${file} was not read`, fix: 'name a source file' });
      }
      return undefined;
    }
    if (result.kind === 'found') return result.region;
    problems.push({ field: `${field}.symbol`, message: result.message, fix: result.fix });
    return undefined;
  };

  const regions = locateModules(manifest, locate, problems);
  const roles: Partial<Record<RoleName, Region>> = {};
  for (const role of roleNames) {
    const ref = manifest.roles[role];
    const region = ref && locate(ref, `roles.${role}`);
    if (region) roles[role] = region;
  }
  if (problems.length > 0) throw new WorkspaceError(manifestPath, problems);
  return { root, manifest, files, regions, roles };
}

async function readManifest(path: string, readText: ReadText): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const message = absent ? 'does not exist' : `cannot be read: ${String(error)}`;
    throw new WorkspaceError(path, [{ field: '', message, fix: 'run `annsmith init` in the workspace' }]);
  }
}

function locateModules(
  manifest: Manifest,
  locate: (ref: SymbolRef, field: string) => Region | undefined,
  problems: WorkspaceProblem[],
): Record<ModuleName, readonly Region[]> {
  const regions: Record<ModuleName, Region[]> = { construction: [], search: [], refinement: [] };
  for (const name of moduleNames) {
    for (const [i, ref] of (manifest.modules[name]?.regions ?? []).entries()) {
      const field = `modules.${name}.regions[${i}]`;
      const region = locate(ref, field);
      if (region === undefined) continue;
      const other = regions[name].find(
        ({ file, start, end }) => file === region.file && start < region.end && region.start < end,
      );
      if (other) {
        problems.push({
          field: `${field}.symbol`,
          message: `\`${region.symbol}\` overlaps \`${other.symbol}\` in ${region.file}`,
          fix: 'keep only the outer one of the two',
        });
      } else {
        regions[name].push(region);
      }
    }
  }
  return regions;
}

/** File -> symbol -> where it is; each file is parsed once. Files that were not read are left out. */
function locateAll(
  syntax: CppSyntaxTrees,
  refs: ReadonlyMap<string, SymbolRef>,
  files: FileTexts,
): ReadonlyMap<string, ReadonlyMap<string, RegionResult>> {
  const symbols = new Map<string, Set<string>>();
  for (const { file, symbol } of refs.values()) {
    const path = posix.normalize(file);
    symbols.set(path, (symbols.get(path) ?? new Set()).add(symbol));
  }
  const located = new Map<string, ReadonlyMap<string, RegionResult>>();
  for (const [file, wanted] of symbols) {
    const text = files.get(file);
    if (text === undefined) continue;
    const names = [...wanted];
    const results = locateRegions(
      syntax,
      names.map((symbol) => ({ file, symbol })),
      text,
    );
    located.set(file, new Map(names.map((symbol, i) => [symbol, results[i]!])));
  }
  return located;
}

function namedFiles(manifest: Manifest): readonly string[] {
  const named = [...references(manifest).values()].map(({ file }) => file);
  return [...new Set([...named, manifest.build.adapter])];
}

/** Field of the manifest that names a file -> the symbol that is named with it. */
function references(manifest: Manifest): ReadonlyMap<string, SymbolRef> {
  const modules = moduleNames.flatMap((name) =>
    (manifest.modules[name]?.regions ?? []).map((ref, i): [string, SymbolRef] => [
      `modules.${name}.regions[${i}].file`,
      ref,
    ]),
  );
  const roles = roleNames.flatMap((role): [string, SymbolRef][] => {
    const ref = manifest.roles[role];
    return ref === undefined ? [] : [[`roles.${role}.file`, ref]];
  });
  return new Map([...modules, ...roles]);
}

function fieldNaming(manifest: Manifest, path: string): string {
  const same = (other: string): boolean => posix.normalize(other) === posix.normalize(path);
  if (same(manifest.build.adapter)) return 'build.adapter';
  const folder = manifest.build.includeDirs.findIndex(same);
  if (folder >= 0) return `build.includeDirs[${folder}]`;
  const fields = [...references(manifest)].filter(([, { file }]) => same(file)).map(([field]) => field);
  return fields.join(', ');
}

/** True when the directory holds a manifest. */
export async function hasManifest(dir: string): Promise<boolean> {
  return stat(join(dir, manifestFileName)).then(
    (found) => found.isFile(),
    () => false,
  );
}
