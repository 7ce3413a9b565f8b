/**
 * Does the policy learn? Frozen against trained, against random search and a standard optimizer at the same number of
 * measurements, over several seeds, on real measured rewards; then zero-shot on datasets that were never measured. Prints
 * means with 95 % intervals over the seeds, whoever wins. Cut off, it goes on where it was: `--fresh` begins anew.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../../src/cli/numbers.ts';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { optimize } from '../../src/engine/optimizer.ts';
import { PolicyStore } from '../../src/engine/policyStore.ts';
import type { Services } from '../../src/engine/ports.ts';
import { createProcessRunner } from '../../src/engine/processRunner.ts';
import { runInputs } from '../../src/engine/runInputs.ts';
import { mean } from '../../src/engine/statistics.ts';
import { splitDatasetNames } from '../../src/protocol/dataset.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import {
  createMethod,
  learningPolicy,
  type Method,
  type MethodName,
  methodNames,
} from './learning/methods.ts';
import { intervalOf, intervalText, type Result, Results } from './learning/results.ts';
import { setUpOptuna } from './learning/tpe.ts';

interface Options {
  readonly seeds: readonly number[];
  readonly rounds: number;
  readonly group: number;
  readonly module: 'search' | 'refinement';
  readonly dataset: string;
  readonly transfer: string;
  readonly fresh: boolean;
}

// 37 MB of vectors: quick to build, and above a last-level cache of 32 MiB, or prefetch would teach nothing.
const trainedOn = 'synthetic-clusters:n=12000,d=768,queries=1000,seed=1';
const neverMeasured = 'synthetic-manifold:n=12000,d=768,queries=1000,seed=3';
const {
  seeds,
  rounds,
  group,
  module,
  dataset,
  transfer: transferText,
  fresh,
} = new Command('bench:learning')
  .description(
    'the policy frozen against trained, random search and TPE, on measured rewards; takes an hour or more',
  )
  .option('--seeds <list>', 'with commas', seedList, [1, 2, 3])
  .option('--rounds <n>', 'groups, learned from one after the other', wholeNumber(1, 100), 5)
  .option('--group <n>', 'candidates of a group', wholeNumber(2, 64), 5)
  .addOption(
    new Option('--module <name>', 'what is optimized').choices(['search', 'refinement']).default('search'),
  )
  .option('--dataset <name>', 'what is learned on', trainedOn)
  .option('--transfer <names>', 'what it is tried on afterwards, with commas', neverMeasured)
  .option('--fresh', 'begin anew instead of going on', false)
  .parse()
  .opts<Options>();
const transfers = splitDatasetNames(transferText);
const candidateSeconds = 6;

function seedList(text: string): number[] {
  const parse = wholeNumber(0, 2 ** 31);
  const list = text.split(',').map(parse);
  if (new Set(list).size !== list.length) throw new InvalidArgumentError('names a seed twice.');
  return list;
}

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'build', 'bench-learning');
if (fresh) rmSync(folder, { recursive: true, force: true });
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

/** What a method with a seed leaves: its workspaces, and its policy. */
function folderOf(method: MethodName, seed: number): string {
  return join(folder, `${module}-${method}-${seed}`);
}

/** A copy of the bundled workspace, whose ledger is this method's and seed's alone. */
function workspaceFor(method: MethodName, seed: number, purpose: string): string {
  const own = join(folderOf(method, seed), purpose);
  const example = join(root, 'examples', 'hnsw');
  cpSync(example, own, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  const path = join(own, 'annsmith.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...manifest, budgets: { candidateSeconds } }));
  return own;
}

/** Groups of a policy, one after the other in one run, judged and rewarded as any others; a result for each. */
async function measure(
  facts: Pick<Result, 'method' | 'seed' | 'dataset' | 'group'>,
  policy: Policy,
  workspace: string,
  roundNumbers: readonly number[],
): Promise<Result[]> {
  const begin = performance.now();
  const inputs = await runInputs(
    { root: workspace, datasets: [facts.dataset], heldOut: [] },
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
    rounds: roundNumbers.length,
    budgetSeconds: undefined,
    seed: facts.seed,
    apply: 'none',
    stopAfter: 'groups',
  });
  const seconds = (performance.now() - begin) / 1000;
  const all = roundNumbers.map((round, i): Result => {
    const own = candidates.filter(({ id }) => id.startsWith(`g${i + 1}c`));
    const rewards = own.flatMap(({ reward }) => reward ?? []);
    const gains = own.flatMap(({ verdict, interval }) =>
      verdict.kind === 'accepted' && interval !== null ? [interval.value] : [],
    );
    return { ...facts, round, module, rewards, gains, seconds: seconds / roundNumbers.length };
  });
  const means = all.map(({ rewards }) => (rewards.length === 0 ? '-' : mean(rewards).toFixed(3)));
  say(
    `${facts.method}, seed ${facts.seed}, ${facts.dataset}: mean rewards ${means.join(' ')}, ${Math.round(seconds)} s`,
  );
  return all;
}

/** All rounds of a method with a seed. */
async function learn(method: MethodName, seed: number): Promise<void> {
  const facts = { method, seed, dataset, group };
  const isKept = existsSync(folderOf(method, seed));
  if (isKept && results.of({ ...facts, module }).length === rounds) return;
  results.remove({ method, seed, module });
  rmSync(folderOf(method, seed), { recursive: true, force: true });
  const own = workspaceFor(method, seed, 'trained-on');
  const store = storeFor(method, seed);
  const way: Method = createMethod(method, { root: own, store, syntax, clock: services.clock, seed });
  try {
    const all = await measure(
      facts,
      learningPolicy(way),
      own,
      Array.from({ length: rounds }, (_, i) => i + 1),
    );
    // From its last group too, before it is tried elsewhere.
    if (method === 'trained') await way.learn();
    // All of them or none: what a cut-off method had learned is gone with its process.
    results.add(all);
  } finally {
    way.stop();
  }
}

function storeFor(method: MethodName, seed: number): PolicyStore {
  return new PolicyStore(services.clock, join(folderOf(method, seed), 'policy'));
}

/** One group on a dataset that was never trained on, without anything measured there before. */
async function transfer(method: 'frozen' | 'trained', seed: number, dataset: string): Promise<void> {
  const facts = { method, seed, dataset, group };
  if (results.of({ ...facts, module, round: 0 }).length > 0) return;
  const purpose = `transfer-${transfers.indexOf(dataset)}`;
  // What a cut-off try has measured there would be known to the next.
  rmSync(join(folderOf(method, seed), purpose), { recursive: true, force: true });
  const own = workspaceFor(method, seed, purpose);
  const context = { root: own, store: storeFor(method, seed), syntax, clock: services.clock, seed };
  results.add(await measure(facts, createMethod(method, context).policy(), own, [0]));
}

// Seeds outermost: cut off, every method has as many as the others.
setUpOptuna();
for (const seed of seeds) {
  for (const method of methodNames) await learn(method, seed);
  for (const dataset of transfers) {
    for (const method of ['frozen', 'trained'] as const) await transfer(method, seed, dataset);
  }
}

const measurements = rounds * group;
const rowOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
const out = (text: string): void => void process.stdout.write(text);
const each = (of: (seed: number) => number): string => intervalText(intervalOf(seeds.map(of)));
const meanReward = (method: MethodName, seed: number, only: (round: number) => boolean): number =>
  mean(
    results
      .of({ method, seed, dataset, group, module })
      .filter(({ round }) => only(round))
      .flatMap(({ rewards }) => rewards),
  );
const bestGain = (method: MethodName, seed: number): number =>
  Math.max(0, ...results.of({ method, seed, dataset, group, module }).flatMap(({ gains }) => gains));

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
    mean(
      results.of({ method, seed, dataset: name, group, module, round: 0 }).flatMap(({ rewards }) => rewards),
    );
  out(
    rowOf([
      name,
      each((seed) => shot('frozen', seed)),
      each((seed) => shot('trained', seed)),
      each((seed) => shot('trained', seed) - shot('frozen', seed)),
    ]),
  );
}
