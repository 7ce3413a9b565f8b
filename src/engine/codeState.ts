import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Manifest } from '../protocol/manifest.ts';
import { moduleNames, type Region } from '../protocol/module.ts';
import type { FileTexts } from '../protocol/policy.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { UserError } from './errors.ts';
import type { Workspace } from './module/workspace.ts';
import { compileFiles, type RunContext } from './runContext.ts';

/** Texts of a workspace with the library they compile to. */
export interface CodeState {
  /** Sets its folders apart from those of other states of the run. */
  readonly name: string;
  readonly workspace: Workspace;
  readonly library: string;
  readonly sourceHash: string;
}

/** SHA-256 (hex) of everything that decides what a library does: texts, build section, compiler. */
export function sourceHash(files: FileTexts, manifest: Manifest, compiler: string): string {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([sorted, manifest.build, compiler]))
    .digest('hex');
}

/** Compiles a workspace. @throws UserError where it does not compile. */
export async function compileState(run: RunContext, name: string, workspace: Workspace): Promise<CodeState> {
  run.services.reporter.progress({ stage: 'build', message: `compiling the ${name}` });
  const compiled = await compileFiles(run, workspace, join(run.scratch, name), new Map(), 'none');
  if (!compiled.ok) {
    for (const { file, line, column, severity, message } of compiled.diagnostics) {
      // As compilers write it, so that an editor finds the place.
      run.services.logger.error(`${file}:${line}:${column}: ${severity}: ${message}`);
    }
    const first = compiled.diagnostics.find((d) => d.severity === 'error');
    throw new UserError(
      'reference-does-not-compile',
      first === undefined ? compiled.stderr.trim() : `${first.file}:${first.line}: ${first.message}`,
      'The workspace must compile before it can be measured.',
    );
  }
  const hash = sourceHash(workspace.files, workspace.manifest, run.compiler);
  return { name, workspace, library: compiled.library, sourceHash: hash };
}

/** The workspace with some texts changed, its regions and roles found again. */
export function withFiles(workspace: Workspace, changed: FileTexts, locate: LocateRegion): Workspace {
  if (changed.size === 0) return workspace;
  const files = new Map([...workspace.files, ...changed]);
  const again = (region: Region): Region => {
    const found = locate(region, files.get(region.file) ?? '');
    if (found.kind !== 'found') throw new Error(`${region.file}: ${found.message}`);
    return found.region;
  };
  const regions = Object.fromEntries(
    moduleNames.map((name) => [name, workspace.regions[name].map(again)]),
  ) as Record<(typeof moduleNames)[number], Region[]>;
  const roles = Object.fromEntries(
    Object.entries(workspace.roles).map(([role, region]) => [role, again(region)]),
  );
  return { ...workspace, files, regions, roles };
}
