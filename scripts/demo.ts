/**
 * The main job, end to end: optimizes the search module of the bundled HNSW on MNIST-784, then measures a patched copy
 * against the original with the ordinary `bench` command, as a check that anyone could make.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optimizeText } from '../src/cli/optimizeText.ts';
import type { Comparison } from '../src/protocol/measurement.ts';
import { formatGain } from '../src/protocol/numberText.ts';
import type { OptimizeReport } from '../src/protocol/optimize.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples', 'hnsw');
const dataset = 'mnist-784-euclidean';
const started = performance.now();

/** Runs one command of the CLI with its progress on the terminal and returns its JSON. */
function annsmith<T>(...args: string[]): T {
  process.stderr.write(`\n$ npx annsmith ${args.join(' ')}\n`);
  const result = spawnSync(process.execPath, [join(root, 'dist', 'cli.mjs'), '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  return JSON.parse(result.stdout) as T;
}

const report = annsmith<OptimizeReport>(
  'optimize',
  '--workspace',
  example,
  '--module',
  'search',
  '--dataset',
  dataset,
  '--group',
  '8',
  '--seed',
  '1',
  '--apply',
  'none',
);
process.stdout.write(`\n${optimizeText(report)}\n`);

if (report.best !== null) {
  const copy = mkdtempSync(join(tmpdir(), 'annsmith-demo-'));
  try {
    cpSync(example, copy, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
    const patched = spawnSync('git', ['apply', report.best.patch], {
      cwd: copy,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (patched.status !== 0) process.exit(1);
    const { comparison } = annsmith<{ comparison: Comparison }>(
      'bench',
      '--workspace',
      copy,
      '--compare',
      example,
      '--dataset',
      dataset,
    );
    const { value, low, high } = comparison.logRatio;
    const { gain } = report.best;
    const agrees = low <= gain.high && gain.low <= high;
    process.stdout.write(
      `\nmeasured again, patched copy against the original: gain ${formatGain(value)} (${formatGain(low)} .. ${formatGain(high)}), ` +
        `${agrees ? 'which agrees with' : 'which does NOT agree with'} the confirmed ${formatGain(gain.value)} (${formatGain(gain.low)} .. ${formatGain(gain.high)})\n`,
    );
    if (!agrees) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
process.stdout.write(`\ndemo took ${((performance.now() - started) / 60_000).toFixed(1)} minutes\n`);
