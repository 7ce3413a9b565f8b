/** Ledgers of plausible runs, written by the real writer: every kind of record, every way a run can end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NewRecord, openLedger } from '../../../src/engine/ledger/ledgerWriter.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';
import { estimate, type SampleComparison, sampleFinal, sampleTrial } from './sampleMeasurements.ts';

type Fields<T extends NewRecord['type']> = Omit<Extract<NewRecord, { type: T }>, 'type' | 'runId'>;

const golden = join(import.meta.dirname, '..', 'playbook', 'golden');
export const patchOf = (rewrite: string): string => readFileSync(join(golden, `${rewrite}.diff`), 'utf8');

export const mnist = 'mnist-784-euclidean';
export const fashion = 'fashion-mnist-784-euclidean';
export const words = 'wink-100-angular';

const datasets: Fields<'run'>['datasets'] = [
  dataset(mnist, 60_000, 784, 'euclidean', [0.95, 0.995], false),
  dataset(fashion, 60_000, 784, 'euclidean', [0.95, 0.995], false),
  dataset(words, 339_479, 100, 'angular', [0.85, 0.95], true),
];

function dataset(
  name: string,
  n: number,
  dim: number,
  metric: 'euclidean' | 'angular',
  window: [number, number],
  heldOut: boolean,
): Fields<'run'>['datasets'][number] {
  return { name, metric, fingerprint: '4341e1852257c1821a8dba1bad5af3bae3617451', n, dim, window, heldOut };
}

/** Writes records of one run a second apart. */
export class SampleRun {
  readonly #ledger;
  readonly #runId: string;
  #now: number;

  constructor(workspace: string, runId: string, start = Date.UTC(2026, 0, 31, 9, 30)) {
    this.#now = start;
    this.#runId = runId;
    const clock = {
      now: () => {
        this.#now += 1000;
        return this.#now;
      },
      monotonic: () => 0,
    };
    this.#ledger = openLedger(ledgerPath(workspace), clock);
  }

  async write<T extends NewRecord['type']>(type: T, fields: Fields<T>): Promise<void> {
    await this.#ledger.append({ type, runId: this.#runId, ...fields } as NewRecord);
  }

  begin(modules: ModuleName[], changes: Partial<Fields<'run'>> = {}): Promise<void> {
    return this.write('run', {
      modules,
      workspace: { name: 'hnsw', root: '/home/ada/hnsw', hash: 'c0ffee12'.repeat(8) },
      policy: { id: 'playbook', version: '3+5f1d0c7a9e21' },
      datasets: datasets.slice(0, 1),
      aggregate: 'geomean',
      machine: {
        cpu: 'Intel(R) Xeon(R) Processor @ 2.80GHz',
        cores: 4,
        isa: ['avx2', 'avx512f', 'avx512vnni'],
        llcBytes: 50_331_648,
        memoryBytes: 25_769_803_776,
        kernel: 'Linux 6.1.0',
        id: '9a3f5b7c1d2e4f60',
      },
      compiler: { version: 'g++ (Debian 12.2.0-14) 12.2.0', flags: ['-O3', '-march=native'] },
      index: { M: 16, efConstruction: 200, seed: 42 },
      k: 10,
      limits: { budgets: { memoryFactor: 1.3 }, style: { unused: 0 } },
      seed: 7,
      group: 4,
      rounds: 1,
      budgetSeconds: null,
      apply: 'none',
      ...changes,
    });
  }

  async group(groupId: string, module: ModuleName, completions: number): Promise<void> {
    await this.write('group', {
      groupId,
      module,
      round: 1,
      baseHash: 'ba5e'.repeat(16),
      policy: { id: 'playbook', version: '3+5f1d0c7a9e21' },
      sampling: { temperature: 1, seed: 7 },
      prompt: { facts: { n: 60_000, dim: 784 } },
      completions,
    });
  }

  async completion(
    candidateId: string,
    text: string,
    patch: string | null,
    changes: Partial<Fields<'completion'>> = {},
  ): Promise<void> {
    await this.write('completion', {
      groupId: candidateId.replace(/c\d+$/, ''),
      candidateId,
      text,
      tokenIds: [3, 1, 4],
      logprobs: [-0.4, -0.2, -0.1],
      notes: [],
      patch,
      patchHash: patch === null ? null : `${candidateId}-hash`,
      ...changes,
    });
  }

  async judgement(
    candidateId: string,
    verdict: Fields<'judgement'>['verdict'],
    changes: Partial<Fields<'judgement'>> = {},
  ): Promise<void> {
    await this.write('judgement', {
      groupId: candidateId.replace(/c\d+$/, ''),
      candidateId,
      verdict,
      reward: verdict.kind === 'rejected' ? { raw: null, shaped: -1 } : null,
      gain: null,
      trials: [],
      checks: [{ name: 'compiles', ok: true, detail: '2.4 s' }],
      lockdown: { landlock: 4, seccomp: true },
      timings: { compile: 2.4, verify: 3.1 },
      ...changes,
    });
  }

  async accepted(candidateId: string, comparison: SampleComparison, rows = 60_000): Promise<void> {
    const { gain, half = 0.01 } = comparison;
    await this.judgement(
      candidateId,
      { kind: 'accepted' },
      {
        reward: { raw: gain, shaped: gain },
        gain: estimate(gain, half),
        trials: [sampleTrial(mnist, rows, comparison)],
        checks: [
          { name: 'compiles', ok: true, detail: '2.4 s' },
          { name: 'answers-valid', ok: true, detail: '' },
          { name: 'address-sanitizer', ok: true, detail: '200 queries' },
        ],
        timings: { compile: 2.4, verify: 3.1, screen: 14.2, sanitize: 6.4, resident: 31.8 },
      },
    );
  }

  async moduleEnd(
    module: ModuleName,
    best: string | null,
    patch: string | null,
    parts: Fields<'module-end'>['parts'] = [],
  ): Promise<void> {
    const patchHash = patch === null ? null : `${module}-hash`;
    await this.write('module-end', { module, best, parts, patch, patchHash, seconds: 612.4 });
  }

  /** The search module with four candidates: a winner, one accepted by paired timing, one wrong, one cut off. */
  async searchModule(groupId = 'g1', base = 0.6): Promise<void> {
    const patch = patchOf('linear-candidate-pool');
    const [winner, second, wrong, broken] = [1, 2, 3, 4].map((i) => `${groupId}c${i}`) as [
      string,
      string,
      string,
      string,
    ];
    await this.group(groupId, 'search', 4);
    await this.completion(
      winner,
      'linear-candidate-pool; batched-neighbour-prefetch lookahead=4; end',
      patch,
      {
        notes: ['not offered: hnswlib-pool: the code has another shape'],
      },
    );
    await this.completion(second, 'bitset-visited; end', patchOf('bitset-visited'));
    await this.completion(wrong, 'descent-prefetch; end', patchOf('descent-prefetch'));
    await this.completion(broken, 'huge-pages; end', patchOf('huge-pages'));
    await this.judgement(wrong, {
      kind: 'rejected',
      reason: 'wrong-answers',
      check: 'answers-valid',
      detail: 'query 17: id 60000 is out of range (the index has 60000 rows)',
    });
    await this.judgement(broken, {
      kind: 'failed',
      error: 'the harness failed during screen: no reply within 60 s',
    });
    await this.accepted(second, { gain: 0.05, mode: 'paired', half: 0.03 });
    await this.accepted(winner, { gain: base });
    await this.write('group-end', {
      groupId,
      rewards: { [winner]: base, [second]: 0.05, [wrong]: -1 },
      advantages: { [winner]: 1.1, [second]: 0.2, [wrong]: -1.3 },
      failureVarianceShare: 0.7,
    });
    await this.write('confirmation', {
      candidateId: winner,
      confirmed: true,
      gain: estimate(base - 0.01, 0.012),
      trials: [sampleFinal(mnist, { gain: base - 0.01, half: 0.012 })],
    });
    await this.write('ablation', {
      candidateId: winner,
      part: 'batched-neighbour-prefetch',
      cause:
        'Rows are read at random: requesting them some neighbours ahead hides most of the memory latency.',
      patchHash: 'without-hash',
      against: `${winner}-hash`,
      gain: estimate(0.31, 0.015),
      kept: true,
      detail: '',
      trials: [sampleTrial(mnist, 60_000, { gain: 0.31 })],
    });
    await this.write('ablation', {
      candidateId: winner,
      part: 'descent-prefetch',
      cause: 'The upper layers are read once per query.',
      patchHash: 'without-hash-2',
      against: 'without-hash',
      gain: estimate(0.001, 0.008),
      kept: false,
      detail: 'inside the interval of no change',
      trials: [sampleTrial(mnist, 60_000, { gain: 0.001 })],
    });
    await this.moduleEnd('search', winner, patch, [
      {
        part: 'batched-neighbour-prefetch',
        cause:
          'Rows are read at random: requesting them some neighbours ahead hides most of the memory latency.',
        gain: estimate(0.31, 0.015),
      },
      { part: 'linear-candidate-pool', cause: 'A sorted array beats two heaps at these sizes.', gain: null },
    ]);
  }

  end(status: 'done' | 'cancelled' | 'failed', best: string[], error?: string): Promise<void> {
    return this.write('run-end', { status, best, applied: false, ...(error === undefined ? {} : { error }) });
  }
}

/** One module, one dataset. */
export async function oneModuleRun(workspace: string, runId = 'one-module'): Promise<void> {
  const run = new SampleRun(workspace, runId);
  await run.begin(['search']);
  await run.searchModule();
  await run.write('total', {
    gain: estimate(0.59, 0.012),
    trials: [sampleFinal(mnist, { gain: 0.59, half: 0.012 })],
    patch: patchOf('linear-candidate-pool'),
    patchHash: 'search-hash',
  });
  await run.end('done', ['g1c1']);
}

/** Three modules, three datasets of which one is held out, subset and whole trials, a resumed run. */
export async function threeModuleRun(workspace: string, runId = 'three-modules'): Promise<void> {
  const run = new SampleRun(workspace, runId);
  await run.begin(['construction', 'search', 'refinement'], { datasets: [...datasets], budgetSeconds: 7200 });
  await run.group('g1', 'construction', 4);
  await run.completion('g1c1', 'wider-pruning alpha=1.1; end', patchOf('descent-prefetch'));
  await run.completion('g1c2', 'wider-pruning alpha=1.3; end', patchOf('descent-prefetch'));
  await run.completion('g1c3', 'extend-candidates; end', null, {
    unusable: { reason: 'does-not-apply', detail: 'no rewrite of the playbook fits' },
  });
  await run.judgement(
    'g1c1',
    { kind: 'accepted' },
    {
      reward: { raw: 0.06, shaped: 0.06 },
      gain: estimate(0.08, 0.011),
      trials: [
        sampleTrial(mnist, 15_000, { gain: 0.06, mode: 'paired' }),
        sampleTrial(fashion, 15_000, { gain: 0.05, mode: 'paired' }),
        sampleTrial(mnist, 60_000, { gain: 0.08 }),
        sampleTrial(fashion, 60_000, { gain: 0.07 }),
      ],
    },
  );
  await run.write('resume', {});
  await run.judgement(
    'g1c2',
    {
      kind: 'rejected',
      reason: 'build-cost',
      check: 'build-cost',
      detail: 'builds take 1.92 times the CPU time',
    },
    {
      gain: estimate(0.02, 0.02),
      trials: [sampleTrial(mnist, 15_000, { gain: 0.02, mode: 'paired' })],
    },
  );
  await run.judgement('g1c3', {
    kind: 'rejected',
    reason: 'does-not-apply',
    check: 'applies',
    detail: 'no rewrite of the playbook fits',
  });
  await run.write('confirmation', {
    candidateId: 'g1c1',
    confirmed: true,
    gain: estimate(0.075, 0.012),
    trials: [sampleFinal(mnist, { gain: 0.075 }), sampleFinal(fashion, { gain: 0.07, scale: 1.2 })],
  });
  await run.moduleEnd('construction', 'g1c1', patchOf('descent-prefetch'));
  await run.searchModule('g2', 0.55);
  await run.group('g3', 'refinement', 2);
  await run.completion('g3c1', 'int8-preliminary-search rerank=20; end', patchOf('int8-preliminary-search'));
  await run.completion('g3c2', 'int8-preliminary-search rerank=20; end', patchOf('int8-preliminary-search'));
  await run.accepted('g3c1', { gain: 0.4, half: 0.02 });
  await run.judgement(
    'g3c2',
    { kind: 'accepted' },
    {
      sameAs: 'g3c1',
      gain: estimate(0.4, 0.02),
      trials: [sampleTrial(mnist, 60_000, { gain: 0.4, half: 0.02 })],
    },
  );
  await run.write('confirmation', {
    candidateId: 'g3c1',
    confirmed: false,
    gain: estimate(0.01, 0.03),
    trials: [sampleFinal(mnist, { gain: 0.01, half: 0.03 })],
  });
  await run.moduleEnd('refinement', null, null);
  await run.write('total', {
    gain: estimate(0.62, 0.014),
    trials: [
      sampleFinal(mnist, { gain: 0.64, half: 0.012 }),
      sampleFinal(fashion, { gain: 0.6, half: 0.013, scale: 1.2 }),
      sampleFinal(words, { gain: 0.41, half: 0.02, scale: 2.4, window: [0.85, 0.95] }, { heldOut: true }),
    ],
    patch: `${patchOf('linear-candidate-pool')}${patchOf('huge-pages')}`,
    patchHash: 'total-hash',
  });
  await run.end('done', ['g1c1', 'g2c1']);
}

/** Cut off in the middle of its first group. */
export async function unfinishedRun(workspace: string, runId = 'unfinished'): Promise<void> {
  const run = new SampleRun(workspace, runId);
  await run.begin(['search', 'refinement']);
  await run.group('g1', 'search', 8);
  await run.completion('g1c1', 'huge-pages; end', patchOf('huge-pages'));
  await run.completion('g1c2', 'bitset-visited; end', patchOf('bitset-visited'));
  await run.accepted('g1c1', { gain: 0.12 });
}

/** Nothing was faster. */
export async function fruitlessRun(workspace: string, runId = 'fruitless'): Promise<void> {
  const run = new SampleRun(workspace, runId);
  await run.begin(['search']);
  await run.group('g1', 'search', 2);
  await run.completion('g1c1', 'huge-pages; end', patchOf('huge-pages'));
  await run.completion('g1c2', 'bitset-visited; end', patchOf('bitset-visited'));
  await run.judgement(
    'g1c1',
    { kind: 'rejected', reason: 'slower', check: 'screen', detail: 'slower by 12 %' },
    { gain: estimate(-0.13, 0.02), trials: [sampleTrial(mnist, 60_000, { gain: -0.13, mode: 'paired' })] },
  );
  await run.judgement('g1c2', { kind: 'cancelled' });
  await run.moduleEnd('search', null, null);
  await run.end('done', []);
}
