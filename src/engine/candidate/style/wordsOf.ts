import type { FileTexts } from '../../../protocol/policy.ts';
import { stripSource } from '../cppText.ts';

/** Identifiers of C++ code and how often they stand in it, comments and literals aside. */
export function wordCounts(...texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of stripSource(text, { strings: true }).text.matchAll(/\b[A-Za-z_]\w*/g)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** All texts as the candidate leaves them. */
export function textsAfter(before: FileTexts, after: FileTexts): readonly string[] {
  return [...new Map([...before, ...after]).values()];
}

/** The words of an identifier in lower case: `kMaxEdges_` is max, edges. Digits end a word. */
export function wordsIn(identifier: string): readonly string[] {
  const bare = identifier.replace(/^k(?=[A-Z])/, '').replace(/^m_/, '');
  const parts = bare.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return parts.map((part) => part.toLowerCase());
}
