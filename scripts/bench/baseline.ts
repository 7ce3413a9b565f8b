/**
 * `npm run bench:baseline [-- --rows N]`: QPS at recall 0.95 and 0.99 of examples/hnsw against hnswlib on MNIST-784, one
 * search thread, taking turns in one process. One JSON document on stdout, a table on stderr.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { createContext } from '../../src/cli/context.ts';
import { wholeNumber } from '../../src/cli/numbers.ts';
import { openDatasets } from '../../src/engine/dataset/datasets.ts';
import type { PreparedDataset } from '../../src/protocol/dataset.ts';
import { manifestSchema } from '../../src/protocol/manifest.ts';

const root = join(import.meta.dirname, '..', '..');
const example = join(root, 'examples', 'hnsw');
const hnswlib = join(root, 'node_modules', 'hnswlib-node', 'src', 'hnswlib');
const recalls = [0.95, 0.99];
const bar = 0.9;
const buildThreads = 2;

interface Point {
  readonly recall: number;
  readonly secondsPerQuery: number;
}

type Side = 'hnswlib' | 'example';

interface Measurement {
  readonly buildSeconds: Readonly<Record<Side, number>>;
  readonly points: readonly (Readonly<Record<Side, Point>> & { readonly ef: number })[];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(text: string): never {
  say(`bench:baseline: ${text}`);
  process.exit(1);
}

const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(example, 'annsmith.json'), 'utf8')));

function compile(output: string): void {
  const { flags, includeDirs, standard } = manifest.build;
  const args = [
    `-std=${standard}`,
    ...flags,
    ...includeDirs.map((dir) => `-I${join(example, dir)}`),
    '-isystem',
    hnswlib,
    join(root, 'scripts', 'bench', 'baseline', 'compare.cc'),
    '-pthread',
    '-o',
    output,
  ];
  const compiler = process.env.CXX ?? 'g++';
  const built = spawnSync(compiler, args, { stdio: ['ignore', 2, 2] });
  if (built.error) fail(`${compiler} cannot be started; install a C++ compiler or set CXX`);
  if (built.status !== 0) fail('the comparison program could not be compiled; see above');
}

function measure(program: string, dataset: PreparedDataset, rows: number): Measurement {
  const { basePath, queryPath, truthPath, optimizeRows } = dataset;
  const { M, efConstruction } = manifest.index;
  const numbers = [optimizeRows.start, rows, M, efConstruction, buildThreads].map(String);
  const result = spawnSync(program, [basePath, queryPath, truthPath, ...numbers], { encoding: 'utf8' });
  if (result.status !== 0) fail(result.stderr || 'the comparison program did not end normally');
  return JSON.parse(result.stdout) as Measurement;
}

/** QPS at a recall, between the two measured points around it. */
function qpsAt(points: readonly Point[], recall: number): number {
  const above = points.findIndex((point) => point.recall >= recall);
  const [low, high] = [points[above - 1], points[above]];
  if (!low || !high) return fail(`recall ${recall} is outside the measured curve`);
  const share = (recall - low.recall) / (high.recall - low.recall);
  return 1 / (low.secondsPerQuery + share * (high.secondsPerQuery - low.secondsPerQuery));
}

const { rows: wanted } = new Command('bench:baseline')
  .description('QPS of examples/hnsw against hnswlib at equal recall')
  .option('--rows <n>', 'queries, at most those of the dataset', wholeNumber(100, 1_000_000), 2000)
  .parse()
  .opts<{ rows: number }>();

const { services } = createContext({ json: true, quiet: true, verbose: false }, new AbortController().signal);
const datasets = openDatasets({ services });
const dataset = await datasets.get('mnist-784-euclidean');
const scratch = mkdtempSync(join(tmpdir(), 'annsmith-baseline-'));
try {
  const program = join(scratch, 'compare');
  compile(program);
  const measured = measure(program, dataset, Math.min(wanted, dataset.optimizeRows.count));
  const curves = {
    hnswlib: measured.points.map((point) => point.hnswlib),
    example: measured.points.map((point) => point.example),
  };
  say('recall  hnswlib QPS  examples/hnsw QPS  ratio');
  const results = recalls.map((recall) => {
    const qps = { hnswlib: qpsAt(curves.hnswlib, recall), example: qpsAt(curves.example, recall) };
    const ratio = qps.example / qps.hnswlib;
    say(
      `${recall.toFixed(2).padStart(6)}  ${qps.hnswlib.toFixed(0).padStart(11)}  ${qps.example.toFixed(0).padStart(17)}  ${ratio.toFixed(3)}`,
    );
    return { recall, qps, ratio };
  });
  const passed = results.every(({ ratio }) => ratio >= bar);
  process.stdout.write(`${JSON.stringify({ bar, passed, results, ...measured }, null, 2)}\n`);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
