/**
 * Runs the suites of test/host/suites inside VS Code and prints every test. `--suite NAME` (again for more) and
 * `--grep TEXT` choose; `--verbose` shows the window's console; `--counts FILE` writes the counts as JSON.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ResultLine } from './results.ts';
import { bundleEntry, bundleForHost, type SuiteFile, suiteFiles } from './suiteFile.ts';
import { runSuite } from './suiteWindow.ts';
import { findVSCodeHost, hostName, type VSCodeHost } from './vscodeHost.ts';

const { values } = parseArgs({
  options: {
    suite: { type: 'string', multiple: true },
    grep: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
    counts: { type: 'string' },
  },
});
const counts = { passed: 0, failed: 0, leftOut: '' };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function report(line: ResultLine): void {
  if (line.kind === 'pass') {
    counts.passed++;
    say(`  ok    ${line.name} (${line.ms} ms)`);
  } else if (line.kind === 'fail' || line.kind === 'broken') {
    counts.failed++;
    say(`  FAIL  ${line.kind === 'fail' ? line.name : 'it cannot be loaded'}`);
    say(line.message.replace(/^/gm, '        '));
  } else if (line.kind === 'skip') {
    say(`  left out  ${line.name}`);
  }
}

/** The extension's log and that of its host. */
function showLogs(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/logs\/.*(annsmith[^/]*|remoteexthost)\.log$/i.test(name)) continue;
    const lines = readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => /\[error\]|annsmith/i.test(line) && !line.trim().startsWith('at '))
      .slice(-40);
    say(`        -- ${name}\n${lines.join('\n').replace(/^/gm, '        ')}`);
  }
}

async function play(host: VSCodeHost, suite: SuiteFile): Promise<void> {
  say(`\n${suite.name}${suite.restricted ? ' (Restricted Mode)' : ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'ah-'));
  const failedBefore = counts.failed;
  const console: string[] = [];
  const onConsole = (text: string): void => {
    if (values.verbose) say(`        ${text}`);
    else if (!text.startsWith('[info]')) console.push(text.split('\n', 1)[0]!);
  };
  try {
    await bundleForHost(suite.path, suite.bundle);
    await runSuite({ host, suite, folder, grep: values.grep, onLine: report, onConsole });
  } catch (error) {
    report({ kind: 'broken', message: error instanceof Error ? error.message : String(error) });
  } finally {
    if (counts.failed > failedBefore) {
      say(console.slice(-30).join('\n').replace(/^/gm, '        '));
      showLogs(folder);
    } else if (values.verbose) {
      showLogs(folder);
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const host = await findVSCodeHost();
if (typeof host === 'string') {
  counts.leftOut = host;
  say(`left out: ${host}`);
} else {
  say(`in ${hostName(host)}`);
  const bundled = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '..', '..', 'scripts', 'build.ts')],
    {
      stdio: ['ignore', 2, 2],
    },
  );
  if (bundled.status !== 0)
    report({ kind: 'broken', message: 'The extension cannot be bundled; dist/ is as it was.' });
  await bundleEntry();
  const chosen = suiteFiles().filter(({ name }) => values.suite?.includes(name) ?? true);
  if (chosen.length === 0) throw new Error('no such suite');
  for (const suite of chosen) await play(host, suite);
  if (counts.passed + counts.failed === 0) {
    counts.failed++;
    say('no test was run');
  }
  say(`\n${counts.passed} passed, ${counts.failed} failed`);
}
if (values.counts !== undefined) writeFileSync(values.counts, JSON.stringify(counts));
if (counts.failed > 0) process.exitCode = 1;
