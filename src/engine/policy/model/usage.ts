import type { TokenUsage } from '../../../protocol/model.ts';

/** US dollars per million tokens. */
export interface TokenPrice {
  readonly prompt: number;
  readonly completion: number;
}

/** Tokens of a text where nobody counted them: four characters each, which is near for English and for code. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function costOf(
  promptTokens: number,
  completionTokens: number,
  price: TokenPrice | null,
): number | null {
  if (price === null) return null;
  return (promptTokens * price.prompt + completionTokens * price.completion) / 1e6;
}

/**
 * What each completion of one request used. The prompt, and the request, are counted once: with the first. The
 * completion tokens are shared by `weights` (tokens of each as far as known), so that the shares add up to the request.
 */
export function shareUsage(
  promptTokens: number,
  completionTokens: number,
  weights: readonly number[],
  price: TokenPrice | null,
): TokenUsage[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  let weightBefore = 0;
  let tokensBefore = 0;
  return weights.map((weight, i) => {
    weightBefore += weight;
    const upTo = sum > 0 ? weightBefore / sum : (i + 1) / weights.length;
    const tokens = Math.round(completionTokens * upTo) - tokensBefore;
    tokensBefore += tokens;
    const prompt = i === 0 ? promptTokens : 0;
    return {
      promptTokens: prompt,
      completionTokens: tokens,
      requests: i === 0 ? 1 : 0,
      cost: costOf(prompt, tokens, price),
    };
  });
}
