import type { ModuleName } from '../protocol/module.ts';
import type { Candidate } from './judged.ts';

/**
 * Marks who in a group has the code of an earlier candidate, or of one before it in the group: that one's judgement is
 * shared, and the code is not measured again.
 */
export function withTwins(group: readonly Candidate[], earlier: readonly Candidate[]): Candidate[] {
  for (const [i, candidate] of group.entries()) {
    const twin = [...earlier, ...group.slice(0, i)].find(
      (c) =>
        (c.patchHash !== null && c.patchHash === candidate.patchHash) ||
        (c.codeHash !== undefined &&
          c.codeHash === candidate.codeHash &&
          !outOfPlace(c) &&
          !outOfPlace(candidate)),
    );
    if (twin !== undefined) candidate.sameAs = twin.sameAs ?? twin.id;
  }
  return [...group];
}

/** Refused for where it stands, a comment perhaps: that is of the text, not of the code. */
function outOfPlace({ verdict }: Candidate): boolean {
  return verdict?.kind === 'rejected' && verdict.reason === 'does-not-apply';
}

/** The judged programs of a process that lives long, by module, for their twins to come. */
export class JudgedPrograms {
  readonly #byModule = new Map<ModuleName, Candidate[]>();

  of(module: ModuleName): readonly Candidate[] {
    return this.#byModule.get(module) ?? [];
  }

  /** Keeps those of a judged group that something can be said of, each program once. */
  add(module: ModuleName, group: readonly Candidate[]): void {
    const judged = group.filter(
      ({ verdict, sameAs }) =>
        sameAs === undefined && (verdict?.kind === 'accepted' || verdict?.kind === 'rejected'),
    );
    this.#byModule.set(module, [...this.of(module), ...judged.map(remembered)]);
  }
}

/** What twins need of a candidate: its judgement, and what tells them. Texts and tokens of thousands would fill the memory. */
function remembered(candidate: Candidate): Candidate {
  const { codeHash, ...rest } = candidate;
  const { verdict, completion } = candidate;
  // The style gate looks at comments and lines too: what it refused, it may take when it is written otherwise.
  const isRefused = verdict?.kind === 'rejected' && verdict.reason === 'style';
  return {
    ...rest,
    ...(codeHash === undefined || isRefused ? {} : { codeHash }),
    completion: { ...completion, text: '', tokenIds: [], logprobs: [] },
    files: new Map(),
    patch: null,
  };
}
