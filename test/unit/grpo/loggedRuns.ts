import { openLedger } from '../../../src/engine/ledger/ledgerWriter.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { normalisedRewards } from '../../../src/engine/normalisedRewards.ts';
import type { PlaybookNetwork } from '../../../src/engine/policy/playbook/network/network.ts';
import type { Situation } from '../../../src/engine/policy/playbook/network/situation.ts';
import { decodeProgram, printProgram } from '../../../src/engine/policy/playbook/program.ts';
import type { Clock } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';
import { draw, grammar, situation } from './playbookTask.ts';

export const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface LoggedRun {
  readonly root: string;
  readonly runId: string;
  readonly version: string;
  readonly network?: PlaybookNetwork | undefined;
  readonly modules?: readonly ModuleName[];
  readonly groups?: number;
  readonly group?: number;
  readonly seed: number;
  readonly reward: (tokenIds: readonly number[]) => number;
  readonly situation?: Situation;
  readonly withLogprobs?: boolean;
  readonly baseHash?: string;
  readonly window?: [number, number];
}

/** A run as the optimizer logs it, with programs from the real grammar and made-up rewards. */
export async function logRun({
  root,
  runId,
  version,
  network,
  modules = ['search'],
  groups = 1,
  group = 8,
  seed,
  reward,
  situation: shape = situation,
  withLogprobs = true,
  baseHash = 'base',
  window,
}: LoggedRun): Promise<void> {
  const ledger = openLedger(ledgerPath(root), clock);
  await beginRun(root, runId, version, modules, window);
  for (const [m, module] of modules.entries()) {
    const own = { ...shape, module };
    for (let g = 1; g <= groups; g++) {
      const groupId = `g${m * groups + g}`;
      const random = seededRandom(seed, `${module}/${g}`);
      const drawn = Array.from({ length: group }, () => draw(network, random, own));
      const { module: _, ...context } = own;
      await ledger.append({
        type: 'group',
        runId,
        groupId,
        module,
        round: g,
        baseHash,
        policy: { id: 'playbook', version },
        seconds: 1,
        sampling: { seed, group },
        prompt: { module, ...context, grammar: grammar.version },
        completions: group,
      });
      const rewards = drawn.map(({ tokenIds }) => reward(tokenIds));
      for (const [i, { tokenIds, logprobs }] of drawn.entries()) {
        const candidateId = `${groupId}c${i + 1}`;
        const decoded = decodeProgram(grammar, module, tokenIds);
        if (decoded.kind !== 'program') throw new Error(decoded.message);
        await ledger.append({
          type: 'completion',
          runId,
          groupId,
          candidateId,
          text: printProgram(grammar, decoded.program),
          tokenIds,
          logprobs: withLogprobs ? logprobs : [],
          notes: [],
          patch: null,
          patchHash: null,
        });
        await ledger.append({
          type: 'judgement',
          runId,
          groupId,
          candidateId,
          verdict: { kind: 'accepted' },
          reward: { raw: rewards[i]!, shaped: rewards[i]! },
          gain: { value: rewards[i]!, low: rewards[i]! - 0.01, high: rewards[i]! + 0.01 },
          trials: [],
          checks: [],
          lockdown: null,
          timings: {},
        });
      }
      const { advantages } = normalisedRewards(rewards);
      await ledger.append({
        type: 'group-end',
        runId,
        groupId,
        rewards: Object.fromEntries(rewards.map((value, i) => [`${groupId}c${i + 1}`, value])),
        advantages: Object.fromEntries(advantages.map((value, i) => [`${groupId}c${i + 1}`, value])),
        failureVarianceShare: 0,
      });
    }
  }
  await ledger.append({ type: 'run-end', runId, status: 'done', best: [], applied: false });
}

/** The record that opens a run. */
export async function beginRun(
  root: string,
  runId: string,
  version: string,
  modules: readonly ModuleName[] = ['search'],
  window: [number, number] = [0.85, 0.95],
): Promise<void> {
  const [first, ...rest] = modules;
  await openLedger(ledgerPath(root), clock).append({
    type: 'run',
    runId,
    modules: [first!, ...rest],
    workspace: { name: 'w', root, hash: 'h' },
    policy: { id: 'playbook', version },
    datasets: [
      {
        name: 'd',
        metric: 'euclidean',
        fingerprint: 'f',
        n: 10,
        dim: 2,
        window,
        heldOut: false,
      },
    ],
    aggregate: 'geomean',
    machine: {},
    compiler: { version: 'c', flags: [] },
    index: { M: 16, efConstruction: 200, seed: 1 },
    k: 10,
    limits: { budgets: {}, style: {} },
    seed: 1,
    group: 8,
    rounds: 1,
    budgetSeconds: null,
    apply: 'none',
  });
}

/** Worth of a program that the prior does not know. */
export function madeUpReward(tokenIds: readonly number[]): number {
  return tokenIds.reduce((sum, id) => sum + seededRandom('worth', String(id)).next() * 0.2 - 0.1, 0);
}
