import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import packageManifest from '../../../package.json' with { type: 'json' };
import { UserError } from '../../engine/errors.ts';
import { readLedger } from '../../engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../engine/ledger/runSummary.ts';
import { readAssets } from '../../engine/reporting/assets.ts';
import { reportPage } from '../../engine/reporting/page.ts';
import { claimOf, type RunStory, runStory } from '../../engine/reporting/runStory.ts';
import type { LedgerRecord } from '../../protocol/ledger.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';

interface Options {
  readonly workspace?: string;
  readonly out?: string;
}

export function addReportCommand(program: Command, execute: Execute): void {
  program
    .command('report <run>')
    .description('write a run as one HTML file: curves, candidates, costs, diff, how to repeat it')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .option('--out <file>', 'where to write it (default: report.html in the folder of the run)')
    .addHelpText('after', '\nRUN is an id of `annsmith runs list`, or `last`.')
    .action((id: string, options: Options) =>
      execute(async ({ output, services }) => {
        const root = findWorkspace(options.workspace);
        const path = ledgerPath(root);
        const { records, problems } = await readLedger(path);
        for (const { line, problem } of problems) output.warn(`${path}:${line}: ${problem}`);
        const story = storyOf(records, id, path);
        const { runId } = story.run;
        const out = resolve(options.out ?? join(root, '.annsmith', 'runs', runId, 'report.html'));
        const page = reportPage({
          story,
          notes: problems.map(({ line, problem }) => `Line ${line} of the ledger: ${problem}.`),
          assets: await readAssets(),
          version: packageManifest.version,
          writtenAt: new Date(services.clock.now()).toISOString(),
        });
        await writeWhole(out, page);
        if (story.status !== 'done')
          output.warn(`run ${runId} is ${story.status}; the report says what is there`);
        const document = {
          run: runId,
          status: story.status,
          gain: claimOf(story)?.gain ?? null,
          out,
          bytes: Buffer.byteLength(page),
          skippedLines: problems.map(({ line }) => line),
        };
        output.result(document, () => out);
      }),
    );
}

function storyOf(records: readonly LedgerRecord[], id: string, path: string): RunStory {
  const runs = records.filter(({ type }) => type === 'run').map(({ runId }) => runId);
  const runId = id === 'last' ? runs.at(-1) : id;
  if (runId === undefined) {
    throw new UserError('no-runs', `${path}: there are no runs yet`, 'Start one with `annsmith optimize`.');
  }
  const story = runStory(records, runId);
  if (story !== undefined) return story;
  const headless = records.some((record) => record.runId === runId);
  throw new UserError(
    'no-such-run',
    headless
      ? `${path}: the record that opens run ${runId} cannot be read`
      : `${path}: there is no run ${runId}`,
    runs.length === 0 ? 'Start one with `annsmith optimize`.' : `Runs: ${runs.join(', ')}`,
  );
}

/** All of it or nothing: a report that is open in a browser is never half of one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (error) {
    // The first reason is the one to show.
    await rm(partial, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(
      'report-write',
      `${path}: ${message}`,
      'Name a file that can be written with --out.',
      error,
    );
  }
}
