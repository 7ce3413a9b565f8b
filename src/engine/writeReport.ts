import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LedgerRecord } from '../protocol/ledger.ts';
import type { Estimate } from '../protocol/measurement.ts';
import { UserError } from './errors.ts';
import { type LedgerProblem, readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import type { Clock } from './ports.ts';
import { readAssets } from './reporting/assets.ts';
import { reportPage } from './reporting/page.ts';
import { claimOf, type RunStatus, type RunStory, runStory } from './reporting/runStory.ts';
import { writeWhole } from './wholeFile.ts';

export interface ReportRequest {
  readonly root: string;
  /** An id, or `last`. */
  readonly run: string;
  /** Absolute; default: beside the run. */
  readonly out?: string | undefined;
  /** Of the program that writes the page. */
  readonly version: string;
  readonly clock: Clock;
}

export interface WrittenReport {
  readonly run: string;
  readonly status: RunStatus;
  readonly gain: Estimate | null;
  readonly out: string;
  readonly bytes: number;
  /** What of the ledger could not be read. */
  readonly problems: readonly LedgerProblem[];
}

/** Writes a run as one HTML file. */
export async function writeReport({ root, run, out, version, clock }: ReportRequest): Promise<WrittenReport> {
  const path = ledgerPath(root);
  const { records, problems } = await readLedger(path);
  const story = storyOf(records, run, path);
  const { runId } = story.run;
  const place = out ?? join(root, '.annsmith', 'runs', runId, 'report.html');
  const page = reportPage({
    story,
    notes: problems.map(({ line, problem }) => `Line ${line} of the ledger: ${problem}.`),
    assets: await readAssets(),
    version,
    writtenAt: new Date(clock.now()).toISOString(),
  });
  await writePage(place, page);
  return {
    run: runId,
    status: story.status,
    gain: claimOf(story)?.gain ?? null,
    out: place,
    bytes: Buffer.byteLength(page),
    problems,
  };
}

function storyOf(records: readonly LedgerRecord[], id: string, path: string): RunStory {
  const runs = records.filter(({ type }) => type === 'run').map(({ runId }) => runId);
  const runId = id === 'last' ? runs.at(-1) : id;
  if (runId === undefined) {
    throw new UserError('no-runs', `${path}: there are no runs yet`, 'Start one with `annsmith optimize`.');
  }
  const story = runStory(records, runId);
  if (story !== undefined) return story;
  const headless = records.some((record) => record.runId === runId && record.type !== 'measurement');
  throw new UserError(
    'no-such-run',
    headless
      ? `${path}: the record that opens run ${runId} cannot be read`
      : `${path}: there is no run ${runId}`,
    runs.length === 0 ? 'Start one with `annsmith optimize`.' : `Runs: ${runs.join(', ')}`,
  );
}

/** All of it or nothing: a report that is open in a browser is never half of one. */
async function writePage(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, text);
  } catch (error) {
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
