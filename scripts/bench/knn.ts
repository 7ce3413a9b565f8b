/**
 * `npm run bench:knn [-- --rounds N]`: exact top-100 of 1,000 MNIST-784 queries by the product's kernels against blocked
 * OpenBLAS sgemm, alternating in one process, on 1 thread and on all. One JSON document on stdout, a table on stderr.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { createContext } from '../../src/cli/context.ts';
import { wholeNumber } from '../../src/cli/numbers.ts';
import { openDatasets } from '../../src/engine/dataset/datasets.ts';
import { cpuInfo } from '../../src/engine/native.ts';

const root = join(import.meta.dirname, '..', '..');
const buildDir = join(root, 'build', 'native');
const queries = 1000;
const bar = 0.8;

interface Measurement {
  readonly threads: number;
  readonly kernels: string;
  readonly blas: string;
  /** Base rows per product: what was fastest for the baseline here. */
  readonly sgemmBlock: number;
  readonly sameIds: number;
  readonly knnSeconds: readonly number[];
  readonly sgemmSeconds: readonly number[];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(text: string): never {
  say(`bench:knn: ${text}`);
  process.exit(1);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function build(): void {
  // Configured again, so that a BLAS installed since is found.
  const configured = spawnSync('cmake', [buildDir], { stdio: ['ignore', 'ignore', 2] });
  if (configured.status !== 0) fail(`${buildDir} is not configured; run \`npm run build:native\` first`);
  const targets = spawnSync('cmake', ['--build', buildDir, '--target', 'help'], { encoding: 'utf8' });
  if (!targets.stdout.includes('knn_vs_sgemm')) {
    fail('the baseline needs OpenBLAS with its header cblas.h: `apt-get install libopenblas-dev`');
  }
  const built = spawnSync('cmake', ['--build', buildDir, '--target', 'knn_vs_sgemm'], {
    stdio: ['ignore', 2, 2],
  });
  if (built.status !== 0) fail('the comparison program could not be built; see above');
}

function measure(base: string, query: string, threads: number, rounds: number): Measurement {
  const env = { ...process.env };
  // An inherited core type or cache size would handicap the baseline: OpenBLAS is to choose by itself.
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  const args = [base, query, String(queries), String(threads), String(rounds)];
  const result = spawnSync(join(buildDir, 'bin', 'knn_vs_sgemm'), args, { env, encoding: 'utf8' });
  if (result.status !== 0) fail(result.stderr || 'the comparison program did not end normally');
  return JSON.parse(result.stdout) as Measurement;
}

const { rounds } = new Command('bench:knn')
  .description("exact k-NN by the product's kernels against blocked OpenBLAS sgemm")
  .option('--rounds <n>', 'pairs of timings', wholeNumber(1, 1000), 7)
  .parse()
  .opts<{ rounds: number }>();
build();
const { services } = createContext({ json: true, quiet: true, verbose: false }, new AbortController().signal);
const datasets = openDatasets({ services });
const dataset = await datasets.get('mnist-784-euclidean');

say('threads  exact kNN s  sgemm s  speed ratio (median of pairs)');
const results = [...new Set([1, cpuInfo().cores])].map((threads) => {
  const measured = measure(dataset.basePath, dataset.queryPath, threads, rounds);
  const ratio = median(measured.knnSeconds.map((seconds, i) => measured.sgemmSeconds[i]! / seconds));
  const columns = [median(measured.knnSeconds), median(measured.sgemmSeconds), ratio].map((x) =>
    x.toFixed(3),
  );
  say(
    `${String(threads).padStart(7)}  ${columns[0]!.padStart(11)}  ${columns[1]!.padStart(7)}  ${columns[2]}`,
  );
  return { ...measured, ratio };
});
const passed = results.every((result) => result.ratio >= bar);
process.stdout.write(`${JSON.stringify({ bar, passed, results }, null, 2)}\n`);
process.exitCode = passed ? 0 : 1;
