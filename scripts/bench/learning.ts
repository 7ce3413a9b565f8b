/**
 * Does the policy learn? Frozen against trained, against random search and a standard optimizer at the same number of
 * measurements, over several seeds, on real measured rewards; then zero-shot on datasets that were never measured. Prints
 * means with 95 % intervals over the seeds, whoever wins. Cut off, it goes on where it was: `--fresh` begins anew.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { optimize } from '../../src/engine/optimizer.ts';
import { derivedSeed } from '../../src/engine/policyRequest.ts';
import { PolicyStore } from '../../src/engine/policyStore.ts';
import type { Services } from '../../src/engine/ports.ts';
import { createProcessRunner } from '../../src/engine/processRunner.ts';
import { runInputs } from '../../src/engine/runInputs.ts';
import { mean } from '../../src/engine/statistics.ts';
import { splitDatasetNames } from '../../src/protocol/dataset.ts';
import type { CandidateReport } from '../../src/protocol/optimize.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { createMethod, type Method, type MethodName, methodNames } from './learning/methods.ts';
import { intervalOf, intervalText, Results } from './learning/results.ts';
import { setUpOptuna } from './learning/tpe.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    group: { type: 'string', default: '8' },
    module: { type: 'string', default: 'search' },
    // 61 MB of vectors: more than most last-level caches, so that memory is what there is to gain from.
    dataset: { type: 'string', default: 'synthetic-manifold:n=60000,d=256,seed=1' },
    transfer: { type: 'string', default: 'mnist-784-euclidean,wink-100-angular' },
    fresh: { type: 'boolean', default: false },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const rounds = Number(values.rounds);
const group = Number(values.group);
const module = values.module === 'refinement' ? 'refinement' : 'search';
const transfers = splitDatasetNames(values.transfer);
const candidateSeconds = 6;

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'build', 'bench-learning');
if (values.fresh) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const results = new Results(join(folder, 'results.jsonl'));
const syntax = await createCppSyntax();
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
const { signal } = controller;
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const services: Services = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  processes: createProcessRunner(),
  logger: { debug: () => undefined, info: () => undefined, warn: say, error: say },
  reporter: { progress: () => undefined },
};

/** A copy of the bundled workspace, whose ledger is this method's and seed's alone. */
function workspaceFor(method: MethodName, seed: number, purpose: string): string {
  const own = join(folder, `${method}-${seed}`, purpose);
  if (existsSync(own)) return own;
  const example = join(root, 'examples', 'hnsw');
  cpSync(example, own, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  const path = join(own, 'annsmith.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...manifest, budgets: { candidateSeconds } }));
  return own;
}

/** One group of a policy, judged and rewarded as any other. */
async function measure(
  policy: Policy,
  workspace: string,
  dataset: string,
  seed: number,
): Promise<CandidateReport[]> {
  const inputs = await runInputs(
    { root: workspace, datasets: [dataset], heldOut: [] },
    { services, signal, syntax },
  );
  const { candidates } = await optimize({
    services,
    signal,
    ...inputs,
    policy,
    modules: [module],
    aggregate: 'geomean',
    group,
    rounds: 1,
    budgetSeconds: undefined,
    seed,
    apply: 'none',
    stopAfter: 'groups',
  });
  return [...candidates];
}

async function measured(
  facts: {
    readonly method: MethodName;
    readonly seed: number;
    readonly dataset: string;
    readonly round: number;
  },
  policy: Policy,
  workspace: string,
): Promise<CandidateReport[]> {
  const begin = performance.now();
  const seed = derivedSeed(facts.seed, `${facts.dataset}/${facts.round}`);
  const candidates = await measure(policy, workspace, facts.dataset, seed);
  const rewards = candidates.flatMap(({ reward }) => reward ?? []);
  const gains = candidates.flatMap(({ verdict, interval }) =>
    verdict.kind === 'accepted' && interval !== null ? [interval.value] : [],
  );
  const seconds = (performance.now() - begin) / 1000;
  results.add({ ...facts, module, rewards, gains, seconds });
  const text = rewards.length === 0 ? 'nothing measured' : `mean reward ${mean(rewards).toFixed(3)}`;
  say(
    `${facts.method}, seed ${facts.seed}, ${facts.dataset}, round ${facts.round}: ${text}, ${Math.round(seconds)} s`,
  );
  return candidates;
}

/** All rounds of a method with a seed. A cut-off method begins anew: what it had learned is gone with its process. */
async function learn(method: MethodName, seed: number): Promise<void> {
  const { dataset } = values;
  if (results.of({ method, seed, dataset, module }).length >= rounds) return;
  results.remove({ method, seed, module });
  rmSync(join(folder, `${method}-${seed}`), { recursive: true, force: true });
  const own = workspaceFor(method, seed, 'trained-on');
  const store = storeFor(method, seed);
  const way: Method = createMethod(method, { root: own, store, syntax, clock: services.clock, seed });
  try {
    for (let round = 1; round <= rounds; round++) {
      const candidates = await measured({ method, seed, dataset, round }, way.policy(), own);
      await way.learn(candidates);
    }
  } finally {
    way.stop();
  }
}

function storeFor(method: MethodName, seed: number): PolicyStore {
  return new PolicyStore(services.clock, join(folder, `${method}-${seed}`, 'policy'));
}

/** One group on a dataset that was never trained on, without anything measured there before. */
async function transfer(method: 'frozen' | 'trained', seed: number, dataset: string): Promise<void> {
  if (results.of({ method, seed, dataset, module, round: 0 }).length > 0) return;
  const own = workspaceFor(method, seed, `transfer-${transfers.indexOf(dataset)}`);
  const context = { root: own, store: storeFor(method, seed), syntax, clock: services.clock, seed };
  await measured({ method, seed, dataset, round: 0 }, createMethod(method, context).policy(), own);
}

// Seeds outermost: cut off, every method has as many as the others.
setUpOptuna();
for (const seed of seeds) {
  for (const method of methodNames) await learn(method, seed);
  for (const dataset of transfers) {
    for (const method of ['frozen', 'trained'] as const) await transfer(method, seed, dataset);
  }
}

const { dataset } = values;
const measurements = rounds * group;
const rowOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
const out = (text: string): void => void process.stdout.write(text);
const each = (of: (seed: number) => number): string => intervalText(intervalOf(seeds.map(of)));
const meanReward = (method: MethodName, seed: number, only: (round: number) => boolean): number =>
  mean(
    results
      .of({ method, seed, dataset, module })
      .filter(({ round }) => only(round))
      .flatMap(({ rewards }) => rewards),
  );
const bestGain = (method: MethodName, seed: number): number =>
  Math.max(0, ...results.of({ method, seed, dataset, module }).flatMap(({ gains }) => gains));

out(
  `${module} on ${dataset}: ${measurements} measurements (${rounds} groups of ${group}), seeds ${seeds.join(', ')}\n\n`,
);
out(rowOf(['method', 'mean reward, first group', 'mean reward, last 2 groups', 'best gain, ln(AUC ratio)']));
out(rowOf(['---', '---', '---', '---']));
for (const method of methodNames) {
  out(
    rowOf([
      method,
      each((seed) => meanReward(method, seed, (round) => round === 1)),
      each((seed) => meanReward(method, seed, (round) => round > rounds - 2)),
      each((seed) => bestGain(method, seed)),
    ]),
  );
}
const last = (method: MethodName, seed: number): number =>
  meanReward(method, seed, (round) => round > rounds - 2);
for (const other of methodNames.filter((name) => name !== 'trained')) {
  out(
    `\ntrained - ${other}, last 2 groups, by seed: ${each((seed) => last('trained', seed) - last(other, seed))}`,
  );
}
out('\n\nzero-shot, one group on a dataset that was never measured before\n\n');
out(rowOf(['dataset', 'frozen, mean reward', 'trained, mean reward', 'trained - frozen']));
out(rowOf(['---', '---', '---', '---']));
for (const name of transfers) {
  const shot = (method: MethodName, seed: number): number =>
    mean(results.of({ method, seed, dataset: name, module, round: 0 }).flatMap(({ rewards }) => rewards));
  out(
    rowOf([
      name,
      each((seed) => shot('frozen', seed)),
      each((seed) => shot('trained', seed)),
      each((seed) => shot('trained', seed) - shot('frozen', seed)),
    ]),
  );
}
