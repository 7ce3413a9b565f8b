import type { Grammar } from '../grammar.ts';
import { parseProgram } from '../program.ts';
import type { Situation } from './situation.ts';

/** Numbers per token that `contrastFeatures` gives. */
export const contrastSize = 3;

/** Added to the weight of each comparison, so that one lucky program does not decide. */
const shrinkage = 2;
/** Rewards that differ by less are noise: the spread that scores are measured in is at least this. */
const leastSpread = 0.05;

/**
 * What the exemplars say of each token of the vocabulary, `contrastSize` numbers each: how much better programs with it
 * scored than those without, in standard deviations; whether the best has it, against how usual that is; and how little
 * it was tried. A value is compared among the programs that hold its rewrite. The numbers mean the same for every
 * token, so what is learned of reading them carries over to other datasets, workspaces and rewrites.
 */
export function contrastFeatures(grammar: Grammar, { module, exemplars }: Situation): Float64Array {
  const features = new Float64Array(grammar.vocabulary.length * contrastSize);
  const programs = exemplars.flatMap(({ program, score }) => {
    const parsed = parseProgram(grammar, module, program);
    return parsed.kind === 'program' ? [{ tokens: new Set(parsed.tokenIds), score }] : [];
  });
  if (programs.length === 0) return features;
  for (const [id, token] of grammar.vocabulary.entries()) {
    if (token.kind === 'end') continue;
    const rewrite = grammar.tokenId({ kind: 'rewrite', rewrite: token.rewrite });
    const compared =
      token.kind === 'value' && rewrite !== undefined
        ? programs.filter(({ tokens }) => tokens.has(rewrite))
        : programs;
    if (compared.length === 0) {
      features[id * contrastSize + 2] = 1;
      continue;
    }
    const holders = compared.filter(({ tokens }) => tokens.has(id)).length;
    const share = holders / compared.length;
    const centre = compared.reduce((sum, { score }) => sum + score, 0) / compared.length;
    const spread = Math.max(
      leastSpread,
      Math.sqrt(compared.reduce((sum, { score }) => sum + (score - centre) ** 2, 0) / compared.length),
    );
    let slope = 0;
    let weight = shrinkage;
    for (const { tokens, score } of compared) {
      const present = Number(tokens.has(id)) - share;
      slope += present * ((score - centre) / spread);
      weight += present * present;
    }
    const best = compared.reduce((a, b) => (b.score > a.score ? b : a));
    features[id * contrastSize] = slope / weight;
    features[id * contrastSize + 1] = compared.length > 1 ? Number(best.tokens.has(id)) - share : 0;
    features[id * contrastSize + 2] = 1 / (1 + holders);
  }
  return features;
}
