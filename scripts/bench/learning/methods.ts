/** The ways to propose that are compared, each as a policy per round; what they learn between rounds is theirs. */
import { trainingSet, updateOnce } from '../../../src/engine/grpoRound.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from '../../../src/engine/policy/playbook/playbookPolicy.ts';
import type { PriorTable } from '../../../src/engine/policy/playbook/prior.ts';
import type { PolicyStore } from '../../../src/engine/policyStore.ts';
import type { Clock, CppSyntax } from '../../../src/engine/ports.ts';
import { recordsOf } from '../../../src/protocol/ledger.ts';
import type { Policy } from '../../../src/protocol/policy.ts';
import { TpePolicy } from './tpe.ts';

export const methodNames = ['frozen', 'trained', 'random', 'tpe'] as const;
export type MethodName = (typeof methodNames)[number];

export interface MethodContext {
  /** Workspace of the method's own; its ledger is what it learns from. */
  readonly root: string;
  readonly store: PolicyStore;
  readonly syntax: CppSyntax;
  readonly clock: Clock;
  readonly seed: number;
}

export interface Method {
  /** What samples the next group. */
  policy(): Policy;
  /** Learns from the group that was sampled last; it is in the ledger. */
  learn(): Promise<void>;
  stop(): void;
}

/** Every rewrite is in a program or not with the same probability, and every value is as likely as the others. */
const uniform: PriorTable = { version: 'uniform', rewrites: {}, default: 0, values: {} };

/** Told of a candidate that could not be measured: as bad as one that was refused. */
const notMeasured = -1;

const learnsNothing = { learn: async () => undefined, stop: () => undefined };

export function createMethod(name: MethodName, context: MethodContext): Method {
  const { store, syntax, seed } = context;
  switch (name) {
    case 'frozen':
      return { ...learnsNothing, policy: () => createPlaybookPolicy({ catalogue, syntax }) };
    case 'random':
      return { ...learnsNothing, policy: () => createPlaybookPolicy({ catalogue, syntax, prior: uniform }) };
    case 'trained':
      return {
        policy: () => createPlaybookPolicy({ catalogue, syntax, trained: store.promoted() }),
        learn: () => updateAndPromote(context),
        stop: () => undefined,
      };
    case 'tpe': {
      const policy = new TpePolicy(store.grammar, syntax, seed);
      return {
        policy: () => policy,
        learn: async () => policy.tell(await rewardsOfLastGroup(context.root)),
        stop: () => policy.stop(),
      };
    }
  }
}

/** As one policy: between groups its method learns from the group before. */
export function learningPolicy(method: Method): Policy {
  let now = method.policy();
  let isFirst = true;
  return {
    get id() {
      return now.id;
    },
    get version() {
      return now.version;
    },
    condition: (request) => now.condition?.(request) ?? {},
    async *sample(request, signal) {
      if (!isFirst) await method.learn();
      isFirst = false;
      now = method.policy();
      yield* now.sample(request, signal);
    },
  };
}

/** In the order of the group. */
async function rewardsOfLastGroup(root: string): Promise<number[]> {
  const { records } = await readLedger(ledgerPath(root));
  const last = recordsOf(records, 'group-end').at(-1)!;
  return recordsOf(records, 'completion')
    .filter(({ runId, groupId }) => runId === last.runId && groupId === last.groupId)
    .map(({ candidateId }) => last.rewards[candidateId] ?? notMeasured);
}

/** An online round without its evaluation, which would cost measurements that the others do not have. */
async function updateAndPromote({ root, store, clock, seed }: MethodContext): Promise<void> {
  const from = store.load(store.promotedVersion);
  const { records, problems } = await readLedger(ledgerPath(root));
  const set = trainingSet({ records, problems }, { from, grammar: store.grammar });
  // A group of equal rewards teaches nothing.
  if (set.groups.length === 0) return;
  const { version } = await updateOnce({ store, clock, from, set, workspace: 'bench', seed });
  await store.promote(version);
}
