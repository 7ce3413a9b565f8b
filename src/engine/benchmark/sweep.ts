import type { RowRange } from '../../protocol/dataset.ts';
import type { SideName, Violations } from '../../protocol/harness.ts';
import type { RecallWindow } from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { placeEfs } from './efPlacement.ts';
import { EarlyOutcome, unwrap } from './measurementContext.ts';
import type { RecallPoint } from './roundSample.ts';

/** Rows over which recall is measured, the same for every candidate of a run. */
export const recallPoolRows = 2000;

export function recallPool(rows: RowRange): RowRange {
  return { start: rows.start, count: Math.min(rows.count, recallPoolRows) };
}

/** Largest ef tried by automatic placement. */
const largestEf = 4096;

/** Recall of one loaded side at any ef, measured once per ef. */
export class RecallSweep {
  readonly #client: HarnessClient;
  readonly #side: SideName;
  readonly #k: number;
  readonly #pool: RowRange;
  readonly #timeoutMs: (ef: number) => number;
  readonly #points = new Map<number, RecallPoint>();

  /** `timeoutMs`: how long answering the pool at an ef may take. */
  constructor(
    client: HarnessClient,
    side: SideName,
    k: number,
    pool: RowRange,
    timeoutMs: (ef: number) => number,
  ) {
    this.#client = client;
    this.#side = side;
    this.#k = k;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  async at(ef: number): Promise<RecallPoint> {
    const cached = this.#points.get(ef);
    if (cached !== undefined) return cached;
    const reply = unwrap(
      await this.#client.answer({
        side: this.#side,
        ef,
        k: this.#k,
        rows: this.#pool,
        timeoutMs: this.#timeoutMs(ef),
      }),
    );
    requireTrueAnswers(reply.violations, `ef ${ef}`, reply.firstViolation);
    const { recall, hits, secondsPerQuery } = reply;
    const point = { ef, recall, hits, secondsPerQuery };
    this.#points.set(ef, point);
    return point;
  }

  /** The points of the manifest's ef grid, or placed around the window. */
  async curve(
    grid: 'auto' | readonly number[],
    window: RecallWindow,
    guess: readonly number[],
  ): Promise<RecallPoint[]> {
    const efs = grid === 'auto' ? await this.#placed(window, guess) : gridEfs(grid, this.#k);
    const points: RecallPoint[] = [];
    for (const ef of efs) points.push(await this.at(ef));
    return points;
  }

  async #placed(window: RecallWindow, guess: readonly number[]): Promise<readonly number[]> {
    const recallAt = async (ef: number): Promise<number> => (await this.at(ef)).recall;
    return (await placeEfs({ k: this.#k, window, efMax: largestEf, guess, recallAt })).efs;
  }
}

function gridEfs(grid: readonly number[], k: number): number[] {
  const low = grid.find((ef) => ef < k);
  if (low !== undefined) {
    throw new RangeError(
      `annsmith.json: "search.ef" holds ${low}, below k = ${k}; every ef must be at least k.`,
    );
  }
  return [...new Set(grid)].sort((a, b) => a - b);
}

/** Leaves the measurement with `wrong-answers` if the parent's check of a side's answers found anything. */
export function requireTrueAnswers(
  violations: Violations | undefined,
  where: string,
  first?: { readonly kind?: string | undefined; readonly row?: number | undefined },
): void {
  const found = Object.entries(violations ?? {}).filter(([, count]) => count > 0);
  if (found.length === 0) return;
  const counts = found.map(([kind, count]) => `${count} ${kind}`).join(', ');
  const example = first?.kind === undefined ? '' : `; first: ${first.kind} at query row ${first.row}`;
  throw new EarlyOutcome({
    kind: 'rejected',
    reason: 'wrong-answers',
    detail: `${where}: ${counts}${example}`,
  });
}
