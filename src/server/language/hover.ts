import { type Hover, MarkupKind, type Position } from 'vscode-languageserver/node';
import type { FactsOf } from './codeLens.ts';
import type { DocumentRegion } from './documentRegions.ts';
import { hoverText } from './wording.ts';

/** What is known of the modules whose region is named in the line. */
export function hoverAt(
  regions: readonly DocumentRegion[],
  position: Position,
  factsOf: FactsOf,
): Hover | null {
  const named = regions.filter(({ name }) => name.line === position.line);
  if (named.length === 0) return null;
  const texts = named.map((region) =>
    hoverText({ module: region.module, symbol: region.region.symbol }, factsOf(region)),
  );
  return { contents: { kind: MarkupKind.Markdown, value: texts.join('\n\n') } };
}
