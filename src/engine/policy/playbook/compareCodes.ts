import { compareCodesInStages } from './codeStage.ts';
import { compareCodesInHnswlib } from './hnswlibCodes.ts';
import type { RewriteResult, RewriteSource } from './rewrite.ts';
import type { CodeFormat } from './templates/scalarCodes.ts';

/** Makes the search compare codes, and rank the best of what it finds, `rerank` nodes per result, by exact distance. */
export function compareCodes(source: RewriteSource, format: CodeFormat, rerank: number): RewriteResult {
  return compareCodesInHnswlib(source, format, rerank) ?? compareCodesInStages(source, format, rerank);
}
