import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ParsedCompletion,
  parseCompletion,
} from '../../../src/engine/candidate/completion/parseCompletion.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { locateRegion } from '../../../src/engine/module/regions.ts';
import { manifestSchema } from '../../../src/protocol/manifest.ts';
import type { Region, SymbolRef } from '../../../src/protocol/module.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';

const root = join(import.meta.dirname, '../../../examples/hnsw');
export const syntax = await createCppSyntax();
export const files: FileTexts = new Map(
  ['construction', 'distance', 'graph', 'index', 'order', 'refinement', 'search', 'storage'].map((name) => {
    const path = `include/hnsw/${name}.h`;
    return [path, readFileSync(join(root, path), 'utf8')];
  }),
);
export const locate = (ref: SymbolRef, text: string) => locateRegion(syntax, ref, text);

const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'annsmith.json'), 'utf8')));
/** The regions of the search module. */
export const regions: readonly Region[] = (manifest.modules.search?.regions ?? []).map((ref) => {
  const result = locate(ref, files.get(ref.file) ?? '');
  if (result.kind !== 'found') throw new Error(result.message);
  return result.region;
});

export const search = 'include/hnsw/search.h';

export function parse(text: string, texts: FileTexts = files): ParsedCompletion {
  return parseCompletion(text, { files: texts, regions, locate });
}

/** The saved text of a file with one piece of it replaced. */
export function edited(path: string, from: string, to: string): string {
  const text = files.get(path) ?? '';
  if (text.split(from).length !== 2) throw new Error(`${from} stands not once in ${path}`);
  return text.replace(from, () => to);
}

export function regionText(symbol: string): string {
  const region = regions.find((each) => each.symbol === symbol);
  if (!region) throw new Error(`no region ${symbol}`);
  return (files.get(region.file) ?? '').slice(region.start, region.end);
}
