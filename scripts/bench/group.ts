/** How long a group of 8 search candidates on MNIST-784 takes to judge, winner confirmed, with the graph in the cache. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { OptimizeReport } from '../../src/protocol/optimize.ts';

const root = join(import.meta.dirname, '..', '..');
const limitSeconds = 300;
const args = [
  'optimize',
  '--workspace',
  join(root, 'examples', 'hnsw'),
  '--module',
  'search',
  '--dataset',
  'mnist-784-euclidean',
];

function optimize(group: number, seed: number): OptimizeReport {
  const all = [
    join(root, 'dist', 'cli.mjs'),
    '--json',
    ...args,
    '--group',
    String(group),
    '--seed',
    String(seed),
  ];
  const result = spawnSync(process.execPath, all, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  return JSON.parse(result.stdout) as OptimizeReport;
}

// The curve of the workspace as saved: fetches the data and builds the graph where they are not in the cache yet.
const warm = spawnSync(
  process.execPath,
  [join(root, 'dist', 'cli.mjs'), 'bench', ...args.slice(1, 3), '--seconds', '5'],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
if (warm.status !== 0) process.exit(warm.status ?? 1);

const report = optimize(8, 1);
const judged = report.candidates.filter(
  (c) => c.verdict.kind === 'accepted' || c.verdict.kind === 'rejected',
).length;
process.stdout.write(
  `${JSON.stringify({
    candidates: report.candidates.length,
    judged,
    confirmed: report.best !== null,
    seconds: Math.round(report.seconds),
    limitSeconds,
    within: report.seconds <= limitSeconds,
  })}\n`,
);
if (report.seconds > limitSeconds) process.exitCode = 1;
