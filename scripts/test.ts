/**
 * The test suite: types, lint, native tests, unit, engine and browser tests, written cheats, tests inside VS Code.
 * `--suite NAME` runs one of them, `--grep TEXT` some tests of host or ui. Prints what it left out and ends with the line
 * `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { codeServerMissing } from '../test/host/vscodeHost.ts';
import { findChromium } from '../test/ui/chromium.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'annsmith-test-'));

const { values } = parseArgs({ options: { suite: { type: 'string' }, grep: { type: 'string' } } });
const leftOut: string[] = [];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

function run(command: string, args: readonly string[]): number {
  const result = spawnSync(command, [...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return result.status ?? 1;
}

/** A tool that passes or fails as a whole counts as one test. */
function whole(script: string): Outcome {
  return run('npm', ['run', '--silent', script]) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function vitest(config: string, more: readonly string[] = [], reporter = 'default'): Outcome {
  const report = join(scratch, `${config}.json`);
  const code = run(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    `--config=${config}`,
    `--reporter=${reporter}`,
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...more,
  ]);
  const result = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
  };
  // A suite that cannot even load has no failed test of its own.
  const failed = Math.max(result.numFailedTests, result.numFailedTestSuites > 0 || code !== 0 ? 1 : 0);
  return { passed: result.numPassedTests, failed };
}

function native(): Outcome {
  const report = join(scratch, 'ctest.xml');
  const code = run('ctest', [
    '--test-dir',
    'build/native',
    '--output-on-failure',
    '--no-tests=error',
    '--output-junit',
    report,
  ]);
  const head = /<testsuite[^>]*\btests="(\d+)"[^>]*\bfailures="(\d+)"/s.exec(readFileSync(report, 'utf8'));
  if (head === null) return { passed: 0, failed: 1 };
  const failed = Math.max(Number(head[2]), code === 0 ? 0 : 1);
  return { passed: Number(head[1]) - failed, failed };
}

/** Suites inside the extension host of a VS Code. */
function host(): Outcome {
  const report = join(scratch, 'host.json');
  const chosen = values.grep === undefined ? [] : ['--grep', values.grep];
  const code = run(process.execPath, [join(root, 'test/host/run.ts'), '--counts', report, ...chosen]);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const counts = JSON.parse(readFileSync(report, 'utf8')) as Outcome & { leftOut: string };
  if (counts.leftOut !== '') leftOut.push(`the suites inside VS Code: ${counts.leftOut}`);
  return { passed: counts.passed, failed: Math.max(counts.failed, code === 0 ? 0 : 1) };
}

/** The packed extension, and the whole story in a VS Code in Chromium. */
function ui(): Outcome {
  const missing = codeServerMissing();
  if (missing !== undefined) {
    leftOut.push(`the story in VS Code and the test of the package: ${missing}`);
    return { passed: 0, failed: 0 };
  }
  const chosen = values.grep === undefined ? [] : ['--testNamePattern', values.grep];
  // Each step of minutes with a line of its own, as soon as it is over.
  return vitest('vitest.ui.config.ts', chosen, 'verbose');
}

const suites: Record<string, () => Outcome> = {
  types: () => whole('typecheck'),
  lint: () => whole('lint'),
  native,
  vitest: () => vitest('vitest.config.ts'),
  cheats: () => vitest('vitest.cheats.config.ts'),
  host,
  ui,
};

const names = values.suite === undefined ? Object.keys(suites) : [values.suite];
const total = { passed: 0, failed: 0 };
try {
  for (const name of names) {
    const suite = suites[name];
    if (suite === undefined) throw new Error(`no suite ${name}; there are ${Object.keys(suites).join(', ')}`);
    process.stdout.write(`\n== ${name}\n`);
    const outcome = suite();
    process.stdout.write(`== ${name}: ${outcome.passed} passed, ${outcome.failed} failed\n`);
    total.passed += outcome.passed;
    total.failed += outcome.failed;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(
  '\nLeft out: npm run test:faults (20 seeded schedules, about ten minutes) and npm run test:trainer (the Python trainer, which installs PyTorch). They time things, so they are run by hand: npm run bench:knn, bench:baseline, bench:harness, bench:group, bench:grpo, bench:learning, bench:editor, calibrate.\n',
);
if (findChromium() === undefined) {
  leftOut.push('the tests of pages in a browser: name one in $CHROMIUM, or put chromium on the PATH');
}
for (const what of leftOut) process.stdout.write(`Left out: ${what}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
