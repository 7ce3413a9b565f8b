import type { Random } from '../../src/engine/ports.ts';
import { seededRandom } from '../../src/engine/random.ts';

/** What a run suffers. `line`: of its progress, counted from 1. `share`: of a length, 0..1. */
export type Fault =
  /** SIGKILL in the middle of writing the ledger. */
  | { readonly kind: 'kill-in-ledger'; readonly bytes: number }
  /** SIGKILL in the middle of writing anything: ledger, cache or scratch. */
  | { readonly kind: 'kill-in-write'; readonly bytes: number }
  | { readonly kind: 'kill'; readonly line: number }
  | { readonly kind: 'interrupt'; readonly line: number }
  | { readonly kind: 'full-ledger'; readonly bytes: number }
  | { readonly kind: 'full-disk'; readonly bytes: number }
  /** SIGKILL to its harness, the first that lives from this line on. */
  | { readonly kind: 'kill-harness'; readonly line: number }
  /** Another run on the same workspace from this line on, which sees this one killed if it gets to that line. */
  | { readonly kind: 'rival'; readonly line: number; readonly killLine: number }
  /** Between two runs: the end of the ledger's last line is lost. */
  | { readonly kind: 'tear'; readonly share: number }
  /** Between two runs: a file of the cache goes bad. */
  | {
      readonly kind: 'damage';
      readonly file: DamagedFile;
      readonly how: 'flip' | 'truncate';
      readonly share: number;
    };

export const damagedFiles = ['graph', 'graph-record', 'head', 'head-truth', 'head-record', 'truth'] as const;
export type DamagedFile = (typeof damagedFiles)[number];

/** About how many lines of progress a run writes, and bytes. */
interface RunSize {
  readonly lines: number;
  readonly ledgerBytes: number;
}
export const shortRun: RunSize = { lines: 11, ledgerBytes: 64_000 };
export const longRun: RunSize = { lines: 36, ledgerBytes: 170_000 };

/** Everything a run writes: ledger, scratch, and what it makes anew in the cache. */
const mostBytes = 2_000_000;

const draws: readonly ((random: Random, size: RunSize) => Fault)[] = [
  (random, { ledgerBytes }) => ({ kind: 'kill-in-ledger', bytes: whole(random, 1, ledgerBytes) }),
  (random) => ({ kind: 'kill-in-write', bytes: Math.round(mostBytes ** random.next()) }),
  (random, { lines }) => ({ kind: 'kill', line: whole(random, 1, lines) }),
  (random, { lines }) => ({ kind: 'interrupt', line: whole(random, 1, lines) }),
  (random, { ledgerBytes }) => ({ kind: 'full-ledger', bytes: whole(random, 1, ledgerBytes) }),
  (random) => ({ kind: 'full-disk', bytes: Math.round(mostBytes ** random.next()) }),
  (random, { lines }) => ({ kind: 'kill-harness', line: whole(random, 1, lines) }),
  (random, { lines }) => {
    const line = whole(random, 1, Math.ceil(lines / 2));
    return { kind: 'rival', line, killLine: whole(random, line, lines + 2) };
  },
  (random) => ({ kind: 'tear', share: random.next() }),
  (random) => ({
    kind: 'damage',
    file: damagedFiles[whole(random, 0, damagedFiles.length - 1)]!,
    how: random.next() < 0.7 ? 'flip' : 'truncate',
    share: random.next(),
  }),
];

/**
 * One to three faults; every kind begins the schedule of some seed among ten in a row, a tear after a kill, which leaves
 * something to tear.
 */
export function scheduleOf(seed: number, size: RunSize): readonly Fault[] {
  const random = seededRandom(seed, 'faults');
  const count = whole(random, 1, 3);
  // What a run has behind it when it goes on is not done again.
  const rest = { lines: Math.ceil(size.lines / 2), ledgerBytes: Math.ceil(size.ledgerBytes / 2) };
  const faults = Array.from({ length: count }, (_, i) => {
    const kind = i === 0 ? seed % draws.length : whole(random, 0, draws.length - 1);
    return draws[kind]!(random, i === 0 ? size : rest);
  });
  return faults[0]!.kind === 'tear' ? [draws[0]!(random, rest), ...faults] : faults;
}

function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random.next() * (high - low + 1));
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill-in-ledger':
    case 'kill-in-write':
    case 'full-ledger':
    case 'full-disk':
      return `${fault.kind} after ${fault.bytes} bytes`;
    case 'kill':
    case 'interrupt':
    case 'kill-harness':
      return `${fault.kind} at line ${fault.line}`;
    case 'rival':
      return `rival at line ${fault.line}, kill at line ${fault.killLine}`;
    case 'tear':
      return `tear at ${fault.share.toFixed(2)} of the last line`;
    case 'damage':
      return `${fault.how} ${fault.file} at ${fault.share.toFixed(2)}`;
  }
}
