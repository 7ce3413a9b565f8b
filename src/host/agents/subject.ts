import type { CandidateView, RunView } from '../../protocol/engine.ts';

/** A result of a run: `candidate` as the engine takes it (`best`, a module's name, a candidate's id). */
export interface Subject {
  readonly run: RunView;
  readonly candidate: string;
  /** What the ledger says of it; null for everything together. */
  readonly view: CandidateView | null;
}

/** What a question is about, and what of it is a question beyond that. */
export interface Asked {
  /** Undefined: the run, or the run of the newest result, has no candidate yet. */
  readonly subject: Subject | undefined;
  /** The run that was named, or is newest; undefined where there is none. */
  readonly run: RunView | undefined;
  readonly question: string;
}

/**
 * Finds the run and the candidate that a prompt names anywhere in its words; a run alone means its best result, nothing
 * at all the newest run's. `runs` are newest first.
 */
export function askedAbout(prompt: string, runs: readonly RunView[]): Asked {
  const words = prompt
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  const bare = words.map((word) => word.replace(/^[`"'(]+|[`"'),.:;?!]+$/g, ''));
  const named = runs.find(({ id }) => bare.includes(id));
  const runAt = named === undefined ? -1 : bare.indexOf(named.id);
  const run = named ?? newestWithCandidates(runs) ?? runs[0];
  if (run === undefined) return { subject: undefined, run, question: words.join(' ') };
  const known = new Map(candidatesOf(run).map((candidate) => [candidate.id, candidate]));
  const at = bare.findIndex((word) => known.has(word));
  const used = new Set([runAt, at]);
  const question = words.filter((_, i) => !used.has(i)).join(' ');
  const view = at < 0 ? undefined : known.get(bare[at]!);
  const subject = view === undefined ? bestOf(run) : { run, candidate: view.id, view };
  return { subject, run, question };
}

/** Everything together where it was confirmed, else the best candidate. */
export function bestOf(run: RunView): Subject | undefined {
  const candidates = candidatesOf(run);
  const winners = candidates.filter(({ won }) => won);
  const [winner] = winners;
  if (run.gain !== null) return { run, candidate: 'best', view: winners.length === 1 ? winner! : null };
  if (winner !== undefined) return { run, candidate: winner.id, view: winner };
  const first = candidates.toSorted((a, b) => rank(b) - rank(a))[0];
  return first === undefined ? undefined : { run, candidate: first.id, view: first };
}

/** All candidates of a run, as the ledger groups them. */
export function candidatesOf(run: RunView): readonly CandidateView[] {
  return run.groups.flatMap(({ candidates }) => candidates);
}

function newestWithCandidates(runs: readonly RunView[]): RunView | undefined {
  return runs.find((run) => candidatesOf(run).length > 0);
}

function rank({ verdict, gain }: CandidateView): number {
  return (verdict?.kind === 'accepted' ? 100 : 0) + (gain?.value ?? -50);
}
