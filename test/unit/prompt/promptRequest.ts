/** Requests for prompts on the bundled workspace, with candidates as a ledger would give them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import type { PromptOptions } from '../../../src/engine/prompt/buildPrompt.ts';
import type { CurvePoint } from '../../../src/protocol/measurement.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';
import type { PastCandidate, PolicyRequest } from '../../../src/protocol/policy.ts';

export const workspace = await loadWorkspace(join(import.meta.dirname, '../../../examples/hnsw'), {
  syntax: await createCppSyntax(),
});

export const options: PromptOptions = {
  scrub: { root: '/data/projects/ann', home: '/home/gwendolyn', user: 'gwendolyn' },
};

/** A real diff of the search module, as the playbook's rewrites make it. */
export const patchOf = (rewrite: string): string =>
  readFileSync(join(import.meta.dirname, '../playbook/golden', `${rewrite}.diff`), 'utf8').replace(
    /^=+\n/gm,
    '',
  );

/** A curve like that of the bundled workspace, `factor` times as fast. */
export function curve(factor = 1): CurvePoint[] {
  const measured = [
    [10, 0.9021, 17_400],
    [24, 0.9533, 11_250],
    [48, 0.9812, 7_020],
    [96, 0.9934, 4_110],
    [192, 0.9979, 2_290],
    [384, 0.9993, 1_240],
  ] as const;
  return measured.map(([ef, recall, qps]) => ({
    ef,
    recall,
    qps: qps * factor,
    secondsPerQuery: 1 / (qps * factor),
  }));
}

export function accepted(id: string, value: number, changes: Partial<PastCandidate> = {}): PastCandidate {
  return {
    id,
    run: 'r0',
    round: 0,
    policy: 'playbook',
    text: 'bitset-visited; end',
    patch: patchOf('bitset-visited'),
    verdict: { kind: 'accepted' },
    gain: { value, low: value - 0.01, high: value + 0.01 },
    reward: value,
    points: curve(Math.exp(value)),
    ...changes,
  };
}

export function rejected(
  id: string,
  verdict: Omit<Extract<PastCandidate['verdict'], { kind: 'rejected' }>, 'kind'>,
  changes: Partial<PastCandidate> = {},
): PastCandidate {
  return {
    ...accepted(id, 0, { gain: null, reward: -1, points: [], round: 1, run: 'r1' }),
    verdict: { kind: 'rejected', ...verdict },
    ...changes,
  };
}

/** What a run leaves: two faster candidates, one without effect, and three that failed. */
export const history: readonly PastCandidate[] = [
  accepted('r0/c1', 0.122, { patch: patchOf('batched-neighbour-prefetch') }),
  accepted('r0/c2', -0.004, { patch: patchOf('bitset-visited') }),
  accepted('r1/c1', 0.284, { patch: patchOf('early-exit-distance'), round: 1, run: 'r1' }),
  rejected('r1/c2', {
    reason: 'does-not-compile',
    check: 'compiles',
    detail:
      "/data/projects/ann/include/hnsw/search.h:112:20: error: 'Prefetch' was not declared in this scope",
  }),
  rejected(
    'r1/c3',
    {
      reason: 'does-not-apply',
      check: 'applies',
      detail: 'include/hnsw/search.h: the lines under SEARCH stand nowhere in the file',
    },
    { patch: null },
  ),
  rejected(
    'r1/c4',
    {
      reason: 'slower',
      check: 'faster-than-reference',
      detail: 'clearly slower in paired timing: -8.1 %',
    },
    {
      gain: { value: -0.085, low: -0.1, high: -0.07 },
      points: curve(0.92),
      round: 2,
      patch: patchOf('byte-visited-tags'),
    },
  ),
];

export function request(
  past: readonly PastCandidate[] = history,
  changes: Partial<PolicyRequest> = {},
  module: ModuleName = 'search',
): PolicyRequest {
  return {
    module,
    manifest: workspace.manifest,
    files: workspace.files,
    facts: {
      n: 60_000,
      dim: 784,
      metric: 'euclidean',
      M: 16,
      efConstruction: 200,
      isa: ['avx2', 'avx512f', 'avx512vnni'],
      llcBytes: 32 << 20,
    },
    group: 4,
    seed: 7,
    regions: workspace.regions[module],
    evidence: { dataset: 'mnist-784-euclidean', window: [0.95, 0.995], reference: curve(), past },
    ...changes,
  };
}
