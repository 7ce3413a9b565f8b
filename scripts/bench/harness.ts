/** What the harness adds to a query: supervised chunks against a bare loop over the same kind of chunk, one process. */
import { join } from 'node:path';
import { Command } from 'commander';
import { createContext } from '../../src/cli/context.ts';
import { loadInputs } from '../../src/cli/loadInputs.ts';
import { wholeNumber } from '../../src/cli/numbers.ts';
import { indexOn, measurementContext, referenceSide } from '../../src/engine/baseline.ts';
import { pairedChunk } from '../../src/engine/benchmark/compare.ts';
import { runMeasurement, unwrap } from '../../src/engine/benchmark/measurementContext.ts';
import { compileState } from '../../src/engine/codeState.ts';
import { referenceOutcome, withRunContext } from '../../src/engine/runContext.ts';
import { mean, median, standardDeviation, studentCritical } from '../../src/engine/statistics.ts';

interface Options {
  readonly dataset: string;
  readonly ef: number;
  readonly chunk: number;
  readonly pairs: number;
  readonly rounds: number;
}

const {
  dataset: datasetName,
  ef,
  chunk,
  pairs,
  rounds,
} = new Command('bench:harness')
  .description('what the harness adds to a query: supervised chunks against a bare loop, in one process')
  .option('--dataset <name>', 'as `annsmith datasets list` has it', 'mnist-784-euclidean')
  .option('--ef <n>', 'beam of the search', wholeNumber(1, 100_000), 20)
  .option('--chunk <n>', 'queries of a chunk', wholeNumber(1, 100_000), pairedChunk)
  .option('--pairs <n>', 'pairs of chunks in a round', wholeNumber(1, 1000), 8)
  .option('--rounds <n>', 'rounds, each in a process of its own', wholeNumber(2, 1000), 30)
  .parse()
  .opts<Options>();

/** The bar: one per cent of a query. */
const allowed = 1.01;

const { signal } = new AbortController();
const workspace = join(import.meta.dirname, '..', '..', 'examples', 'hnsw');
const context = createContext({ json: true, quiet: false, verbose: false }, signal);
const inputs = await loadInputs({ workspace, dataset: datasetName }, context);
const setup = { services: context.services, signal };

const medians = await withRunContext(setup, async (run) => {
  const state = await compileState(run, 'reference', inputs.workspace);
  const indexed = await indexOn(run, state, inputs.dataset);
  const measurement = measurementContext(run, indexed, 1);
  const side = await referenceSide(run, indexed);
  const outcome = await runMeasurement(measurement, async (client) => {
    unwrap(await client.open('a', side));
    const perRound: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { k, dataset } = measurement;
      const request = { side: 'a', ef, k, chunk, pairs, rows: dataset.optimizeRows } as const;
      const reply = unwrap(await client.overhead({ ...request, seed: round + 1, timeoutMs: 120_000 }));
      perRound.push(median(reply.pairs.map(({ supervised, bare }) => Math.log(supervised / bare))));
    }
    return perRound;
  });
  return referenceOutcome(outcome, signal);
});

const centre = mean(medians);
const error = standardDeviation(medians, 1) / Math.sqrt(medians.length);
const half = studentCritical(0.05, medians.length - 1) * error;
const ratio = { value: Math.exp(centre), low: Math.exp(centre - half), high: Math.exp(centre + half) };
process.stdout.write(
  `${JSON.stringify({ dataset: inputs.dataset.name, ef, chunk, rounds: medians.length, ratio, allowed, within: ratio.value < allowed })}\n`,
);
if (ratio.value >= allowed) process.exitCode = 1;
