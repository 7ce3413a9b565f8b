/** A word and the space before it: what stands for a token in recorded completions. */
export interface RecordedToken {
  readonly text: string;
  readonly id: number;
  readonly logprob: number;
}

/** The same text always has the same ids and log-probabilities. */
export function tokensOf(text: string): RecordedToken[] {
  const pieces = text.match(/\s*\S+\s*$|\s*\S+/g) ?? (text === '' ? [] : [text]);
  return pieces.map((piece) => {
    let id = 7;
    for (const character of piece) id = (id * 31 + character.charCodeAt(0)) % 50_000;
    return { text: piece, id, logprob: -(1 + (id % 97)) / 100 };
  });
}
