import type { CandidateRow } from './candidateRow.ts';

/** Why a candidate of the ledger is not in an export. */
export const leftOutReasons = [
  'other-run',
  'other-policy',
  'other-module',
  'no-prompt',
  'no-reward',
  'not-accepted',
  'not-faster',
  'not-confirmed',
  'truncated',
  'not-best-of-group',
  'no-clear-margin',
] as const;
export type LeftOutReason = (typeof leftOutReasons)[number];

export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly candidates: number;
}

/** For people: what a reason stands for. */
export const leftOutText: Readonly<Record<LeftOutReason, string>> = {
  'other-run': 'of another run',
  'other-policy': 'of another policy',
  'other-module': 'of another module',
  'no-prompt': 'without a prompt: their policy is asked without words (the csv format has them)',
  'no-reward': 'without a reward: not judged, or nothing could be said of the code',
  'not-accepted': 'that did not pass every check',
  'not-faster': 'that are not faster than the reference',
  'not-confirmed': 'whose gain was not confirmed',
  truncated: 'that broke off before their end',
  'not-best-of-group': 'that are not the best of their group',
  'no-clear-margin': 'with no clear distance to the best of their group',
};

/** Candidates on their way into an export: each step keeps some and counts the others. */
export class Selection {
  readonly rows: readonly CandidateRow[];
  readonly #leftOut: ReadonlyMap<LeftOutReason, number>;

  constructor(rows: readonly CandidateRow[], leftOut: ReadonlyMap<LeftOutReason, number> = new Map()) {
    this.rows = rows;
    this.#leftOut = leftOut;
  }

  get leftOut(): LeftOut[] {
    return leftOutReasons.flatMap((reason) => {
      const candidates = this.#leftOut.get(reason) ?? 0;
      return candidates === 0 ? [] : [{ reason, candidates }];
    });
  }

  keep(reason: LeftOutReason, wanted: (row: CandidateRow) => boolean): Selection {
    const kept = this.rows.filter(wanted);
    const dropped = this.rows.length - kept.length;
    if (dropped === 0) return this;
    const leftOut = new Map(this.#leftOut).set(reason, (this.#leftOut.get(reason) ?? 0) + dropped);
    return new Selection(kept, leftOut);
  }

  /** The candidates by group, in the order of the ledger. */
  groups(): CandidateRow[][] {
    const groups = new Map<string, CandidateRow[]>();
    for (const row of this.rows) {
      const key = `${row.run}/${row.group}`;
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [row]);
      else known.push(row);
    }
    return [...groups.values()];
  }
}

/** A candidate that was asked in words, so that a language model can be trained on it. */
export type PromptedRow = CandidateRow & { readonly prompt: NonNullable<CandidateRow['prompt']> };

export function isPrompted(row: CandidateRow): row is PromptedRow {
  return row.prompt !== undefined;
}

/** What passed is the text itself: of a completion that was asked again, it is the second answer that passed. */
export function passed(row: CandidateRow): boolean {
  return row.verdict === 'accepted' && row.repaired === undefined;
}
