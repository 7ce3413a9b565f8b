import type { Clock, LineProcess, ProcessRunner, Random } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { type Machine, normal } from './generativeModel.ts';

/** A library of the simulation, by its path. */
export interface SimulatedLibrary {
  /** ln(time) less than the reference's at the same ef. */
  readonly gain: number;
  /** ef is worth this much more: recall(ef) = reference recall(ef * effort). */
  readonly effort?: number;
  /** Share of its time that a chunk of 250 loses to a cold cache; falls as 1 / chunk. */
  readonly coldCache?: number;
  readonly fail?: { readonly verb: string; readonly reason: string };
  readonly duplicates?: boolean;
  readonly maximumRecall?: number;
}

const none = {
  status: 0,
  missing: 0,
  outOfRange: 0,
  duplicate: 0,
  unsorted: 0,
  falseDistance: 0,
  notFinite: 0,
  changed: 0,
};

interface OpenSide {
  readonly library: SimulatedLibrary;
  readonly shift: number;
}

/** A harness that answers from a model of machine and libraries, on a clock that its work moves. */
export class SimulatedHarness {
  readonly commands: string[] = [];
  readonly #libraries: Readonly<Record<string, SimulatedLibrary>>;
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #sides = new Map<string, OpenSide>();
  readonly #difficulty: Float64Array;
  killed = 0;
  #now = 0;

  constructor(
    libraries: Readonly<Record<string, SimulatedLibrary>>,
    machine: Machine,
    seed: number,
    rows: number,
  ) {
    this.#libraries = libraries;
    this.#machine = machine;
    this.#random = seededRandom(seed, 'harness');
    this.#difficulty = Float64Array.from({ length: rows }, () => Math.exp(0.5 * normal(this.#random)));
  }

  readonly clock: Clock = { now: () => this.#now, monotonic: () => this.#now };

  readonly processes: ProcessRunner = {
    run: () => Promise.reject(new Error('the simulation runs no other program')),
    start: () => this.#start(),
  };

  #start(): LineProcess {
    const replies: string[] = [];
    async function* lines(): AsyncIterableIterator<string> {
      for (;;) {
        const reply = replies.shift();
        if (reply === undefined) return;
        yield reply;
      }
    }
    return {
      pid: 1,
      writeLine: (line) => {
        this.commands.push(line);
        replies.push(JSON.stringify(this.#reply(line)));
      },
      lines: lines(),
      exited: Promise.resolve({ code: 0, signal: null, stderr: '' }),
      kill: async () => {
        this.killed++;
        this.#sides.clear();
      },
    };
  }

  #reply(line: string): Record<string, unknown> {
    const [verb = '', ...rest] = line.split(' ');
    const fields = Object.fromEntries(
      rest.map((part) => {
        const at = part.indexOf('=');
        return [part.slice(0, at), decodeURIComponent(part.slice(at + 1))];
      }),
    );
    const id = Number(fields['id']);
    const failing = [...this.#sides].find(([, side]) => side.library.fail?.verb === verb);
    if (failing !== undefined) {
      const [side, { library }] = failing;
      return { id, ok: false, stage: 'search', reason: library.fail!.reason, detail: 'simulated', side };
    }
    return { id, ok: true, ...this.#answer(verb, fields) };
  }

  #answer(verb: string, fields: Readonly<Record<string, string>>): Record<string, unknown> {
    const number = (name: string): number => Number(fields[name]);
    switch (verb) {
      case 'hello': {
        const cpu = { model: 'simulated', isa: ['avx2'], cores: 2, llcBytes: 2 ** 25 };
        return {
          version: 1,
          abi: 1,
          pid: 1,
          cpu,
          fork: true,
          landlockAbi: 4,
          thp: 'madvise',
          pinned: { supervisor: 0, search: 1 },
        };
      }
      case 'data':
        return { n: 1000, dim: 8, queries: this.#difficulty.length, truthK: 100 };
      case 'open': {
        this.#now += 1000;
        const library = this.#libraries[fields['lib'] ?? ''];
        if (library === undefined) throw new Error(`the simulation has no library ${fields['lib']}`);
        const shift = (this.#machine.processEffect * normal(this.#random)) / Math.SQRT2;
        this.#sides.set(fields['side'] ?? '', { library, shift });
        const times = {
          buildWallSeconds: 1,
          buildCpuSeconds: 1,
          prepareWallSeconds: 0,
          prepareCpuSeconds: 0,
          loadCpuSeconds: 0,
          asleepSeconds: 0,
        };
        const memory = {
          memoryBytes: 1e6,
          anonymousBytes: 1e6,
          rssBytes: 2e6,
          peakRssBytes: 2e6,
          hugePageBytes: 0,
        };
        return {
          side: fields['side'],
          ...times,
          ...memory,
          threads: 1,
          processes: 0,
          lockdown: { seccomp: true },
        };
      }
      case 'answer':
        return this.#recall(fields['side']!, number('ef'), fields['rows']!);
      case 'round':
        return this.#round(fields, number);
      case 'latency':
        return { queries: 100, p50: 1e-4, p95: 2e-4, p99: 3e-4, mean: 1.2e-4 };
      case 'memory':
        return { memoryBytes: 1e6, anonymousBytes: 1e6, rssBytes: 2e6, hugePageBytes: 0 };
      default:
        return {};
    }
  }

  #seconds(side: OpenSide, ef: number, chunk: number, alone: boolean): number {
    const cold = alone ? 0 : ((side.library.coldCache ?? 0) * 250) / chunk;
    return (4e-5 + 6e-6 * ef) * Math.exp(side.shift - side.library.gain) * (1 + cold);
  }

  #recall(name: string, ef: number, rows: string): Record<string, unknown> {
    const side = this.#sides.get(name)!;
    const [start = 0, count = 0] = rows.split(':').map(Number);
    const effort = ef * (side.library.effort ?? 1);
    const most = side.library.maximumRecall ?? 1;
    // The answer of a row depends on row and effort alone, as a deterministic index's does.
    const hits = Uint8Array.from({ length: count }, (_, i) => {
      const miss = Math.min(0.95, (0.7 * this.#difficulty[start + i]!) / effort);
      const fraction = ((start + i) * 0.61803398875) % 1;
      return Math.floor(10 * Math.min(1 - miss, most) + fraction * 0.999);
    });
    const secondsPerQuery = this.#seconds(side, ef, count, true);
    this.#now += secondsPerQuery * count * 1000;
    const recall = hits.reduce((sum, hit) => sum + hit, 0) / (count * 10);
    const violations = side.library.duplicates === true ? { ...none, duplicate: 3 } : none;
    const first = side.library.duplicates === true ? { firstViolation: { kind: 'duplicate', row: 7 } } : {};
    const rss = { threads: 1, rssBefore: 1, rssAfter: 1 };
    const encoded = Buffer.from(hits).toString('base64');
    return {
      queries: count,
      recall,
      hits: encoded,
      secondsPerQuery,
      answersHash: 'x',
      distancesHash: 'x',
      violations,
      ...first,
      ...rss,
    };
  }

  #round(
    fields: Readonly<Record<string, string>>,
    number: (name: string) => number,
  ): Record<string, unknown> {
    const { drift, halfSpeed, chunkNoise, outliers } = this.#machine;
    const random = this.#random;
    const level = drift * normal(random) + (random.next() < halfSpeed ? Math.LN2 : 0);
    const chunk = number('chunk');
    const alone = fields['alone'] !== undefined;
    const time = (name: string, ef: number, slow: number): number => {
      const noise = chunkNoise * normal(random) + (random.next() < outliers ? 0.2 : 0);
      return this.#seconds(this.#sides.get(name)!, ef, chunk, alone) * (1 + slow) * Math.exp(level + noise);
    };
    const pairs = Array.from({ length: number('pairs') }, (_, i) => {
      const a = time('a', number('efA'), Number(fields['slowA'] ?? 0));
      const b = alone ? undefined : time('b', number('efB'), Number(fields['slowB'] ?? 0));
      this.#now += (a + (b ?? 0)) * (chunk + number('lead')) * 1000;
      return { first: i % 2 === 0 ? 'a' : 'b', a, b };
    });
    const both = { violationsA: none, hugePagesA: 0, recallA: 1 };
    const other = alone ? {} : { violationsB: none, hugePagesB: 4096, recallB: 1 };
    return { pairs, chunk, ...both, ...other };
  }
}
