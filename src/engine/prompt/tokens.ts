/** Estimated tokens of a text. Budgets add up the estimates of pieces, so it should not fall when text is added. */
export type TokenEstimate = (text: string) => number;

/** Four characters a token: what tokenizers of current models come near to on English and C++. */
const charactersPerToken = 4;

export const estimateTokens: TokenEstimate = (text) => Math.ceil(text.length / charactersPerToken);
