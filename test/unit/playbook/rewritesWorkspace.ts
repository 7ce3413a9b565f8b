import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import type { Rewrite, RewriteResult } from '../../../src/engine/policy/playbook/rewrite.ts';
import { type Manifest, manifestSchema } from '../../../src/protocol/manifest.ts';
import type { Facts, FileTexts } from '../../../src/protocol/policy.ts';

export const exampleRoot = join(import.meta.dirname, '../../../examples/hnsw');
export const syntax = await createCppSyntax();
export const manifest: Manifest = manifestSchema.parse(
  JSON.parse(readFileSync(join(exampleRoot, 'annsmith.json'), 'utf8')),
);
export const exampleFiles: FileTexts = new Map(
  ['construction', 'distance', 'graph', 'index', 'order', 'refinement', 'search', 'storage'].map((name) => {
    const path = `include/hnsw/${name}.h`;
    return [path, readFileSync(join(exampleRoot, path), 'utf8')];
  }),
);

const facts: Facts = {
  n: 60_000,
  dim: 784,
  metric: 'euclidean',
  M: 16,
  efConstruction: 200,
  isa: ['avx2', 'avx512f', 'avx512vnni'],
  llcBytes: 32 << 20,
};

/** One rewrite with its values; values not named take the first on offer. */
export type Step = readonly [id: string, values?: Readonly<Record<string, number>>];

export function rewriteNamed(id: string): Rewrite {
  const found = catalogue.find((rewrite) => rewrite.id === id);
  if (!found) throw new Error(`no rewrite ${id}`);
  return found;
}

export function applyStep(
  [id, values = {}]: Step,
  files: FileTexts = exampleFiles,
  using: Manifest = manifest,
): RewriteResult {
  const rewrite = rewriteNamed(id);
  const first = Object.fromEntries(rewrite.parameters.map((p) => [p.name, p.values[0] ?? 0]));
  return rewrite.apply({ files, manifest: using, facts, syntax }, { ...first, ...values });
}

/** Applies a program; throws where a rewrite declines. */
export function applyProgram(steps: readonly Step[]): FileTexts {
  return steps.reduce<FileTexts>((files, step) => {
    const result = applyStep(step, files);
    if (result.kind === 'declined') throw new Error(`${step[0]} declined: ${result.reason}`);
    return result.files;
  }, exampleFiles);
}

/** The first and last value of every parameter. */
export function extremes(id: string): readonly Readonly<Record<string, number>>[] {
  const { parameters } = rewriteNamed(id);
  const pick = (at: 0 | -1) => Object.fromEntries(parameters.map((p) => [p.name, p.values.at(at) ?? 0]));
  return parameters.length === 0 ? [{}] : [pick(0), pick(-1)];
}

/** The rewrites that fit the bundled workspace: its distances have a sum per lane already. */
export const fitting = catalogue.filter(({ id }) => id !== 'independent-sums');

/** As many rewrites as fit together at one end of their values; of two that conflict, the earlier or the later one. */
export function everything(at: 0 | -1, preferred: 'earlier' | 'later'): readonly Step[] {
  const conflict = (a: string, b: string): boolean =>
    rewriteNamed(a).conflictsWith.includes(b) || rewriteNamed(b).conflictsWith.includes(a);
  const ids = fitting.map(({ id }) => id);
  const ordered = preferred === 'earlier' ? ids : [...ids].reverse();
  const chosen: string[] = [];
  for (const id of ordered) {
    if (!chosen.some((other) => conflict(id, other))) chosen.push(id);
  }
  return ids.filter((id) => chosen.includes(id)).map((id): Step => [id, extremes(id).at(at) ?? {}]);
}
