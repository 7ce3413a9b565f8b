import { type CodeAction, CodeActionKind, type Range } from 'vscode-languageserver/node';
import { targetOf } from './codeLens.ts';
import type { DocumentRegion } from './documentRegions.ts';

/** One action per module that the range touches; it starts a run and changes nothing by itself. */
export function codeActions(
  regions: readonly DocumentRegion[],
  range: Range,
  only: readonly string[] | undefined,
): CodeAction[] {
  const kind = CodeActionKind.RefactorRewrite;
  if (only !== undefined && !only.some((wanted) => kind === wanted || kind.startsWith(`${wanted}.`)))
    return [];
  const touched = regions.filter(
    ({ region }) => region.startLine - 1 <= range.end.line && range.start.line <= region.endLine - 1,
  );
  const first = new Map(touched.toReversed().map((region) => [region.module, region]));
  return [...first.values()].toReversed().map((region) => {
    const title = `Optimize selected module (${region.module})`;
    return {
      title,
      kind,
      command: { title, command: 'annsmith.optimizeModule', arguments: [targetOf(region)] },
    };
  });
}
