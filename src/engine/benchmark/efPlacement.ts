import type { RecallWindow } from '../../protocol/measurement.ts';

export interface PlacementInput {
  readonly k: number;
  readonly window: RecallWindow;
  /** Largest ef tried. */
  readonly efMax: number;
  /** ef values that served another side well, tried first. */
  readonly guess?: readonly number[];
  /** Recall at an ef; called once per ef. */
  readonly recallAt: (ef: number) => Promise<number>;
}

export interface Placement {
  /** Ascending. */
  readonly efs: readonly number[];
  /** False where even the largest ef tried stays below the window's edge. */
  readonly reachesLow: boolean;
  readonly reachesHigh: boolean;
}

/** Two neighbouring ef values closer than this need no further halving: the hull between them is nearly straight. */
const tightRatio = 1.25;
/** Doubling ef gains less recall than this: the curve has ended. */
const plateauGain = 0.0005;
const pointsBetween = 2;

/**
 * Places ef values so that a point lies just below and just above each edge of the recall window, and two between.
 * The smallest ef is k; where recall at k is above an edge already, k itself stands for it.
 */
export async function placeEfs(input: PlacementInput): Promise<Placement> {
  const { window, k } = input;
  const known = new Map<number, number>();
  const measure = async (ef: number): Promise<number> => {
    const recall = known.get(ef) ?? (await input.recallAt(ef));
    known.set(ef, recall);
    return recall;
  };
  for (const ef of input.guess ?? []) if (ef >= k) await measure(ef);
  // A guess whose lowest point is below the window makes the smallest ef superfluous.
  if (![...known.values()].some((recall) => recall < window[0])) await measure(k);

  const low = await bracket(window[0], input, known, measure);
  const high = await bracket(window[1], input, known, measure);
  const efs = new Set([...low.efs, ...high.efs]);
  const from = Math.max(...low.efs);
  const to = Math.min(...high.efs);
  for (let i = 1; i <= pointsBetween && to > from * tightRatio; i++) {
    const target = from * (to / from) ** (i / (pointsBetween + 1));
    const near = [...known.keys()].find(
      (ef) => ef > from && ef < to && Math.abs(Math.log(ef / target)) < Math.log(tightRatio) / 2,
    );
    const ef = near ?? Math.round(target);
    if (ef > from && ef < to) {
      await measure(ef);
      efs.add(ef);
    }
  }
  return { efs: [...efs].sort((a, b) => a - b), reachesLow: low.reached, reachesHigh: high.reached };
}

async function bracket(
  edge: number,
  { efMax }: PlacementInput,
  known: ReadonlyMap<number, number>,
  measure: (ef: number) => Promise<number>,
): Promise<{ efs: number[]; reached: boolean }> {
  let above = smallestReaching(known, edge);
  while (above === undefined) {
    const top = Math.max(...known.keys());
    const next = Math.min(top * 2, efMax);
    if (next <= top) return { efs: [top], reached: false };
    const recall = await measure(next);
    above = smallestReaching(known, edge);
    const flat = recall > 0 && recall - known.get(top)! < plateauGain;
    if (above === undefined && flat) return { efs: [next], reached: false };
  }
  // All known ef values under `above` stay short of the edge, so every halving narrows the bracket.
  for (;;) {
    const below = largestBelow(known, above);
    if (below === undefined) return { efs: [above], reached: true };
    if (above - below <= 2 || above / below <= tightRatio) return { efs: [below, above], reached: true };
    const middle = Math.round(Math.sqrt(below * above));
    if ((await measure(middle)) >= edge) above = middle;
  }
}

function smallestReaching(known: ReadonlyMap<number, number>, edge: number): number | undefined {
  const reaching = [...known].filter(([, recall]) => recall >= edge).map(([ef]) => ef);
  return reaching.length === 0 ? undefined : Math.min(...reaching);
}

function largestBelow(known: ReadonlyMap<number, number>, ef: number): number | undefined {
  const below = [...known.keys()].filter((candidate) => candidate < ef);
  return below.length === 0 ? undefined : Math.max(...below);
}
