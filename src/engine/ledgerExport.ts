import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModuleName } from '../protocol/module.ts';
import { UserError, withDiskFull } from './errors.ts';
import { type CandidateRow, candidateRows } from './export/candidateRow.ts';
import { candidatesCsv } from './export/csv.ts';
import { preferenceLines, preferenceSelection } from './export/preference.ts';
import { isPrompted, type LeftOut, leftOutText, Selection } from './export/selection.ts';
import { sftLines, sftSelection } from './export/sft.ts';
import { trlParquet } from './export/trlParquet.ts';
import { verlLines } from './export/verl.ts';
import { type LedgerProblem, readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { writeWhole } from './wholeFile.ts';

/** What the ledger can be written as, with the ending of the file's name. */
export const exportFormats = {
  trl: 'parquet',
  verl: 'jsonl',
  sft: 'jsonl',
  preference: 'jsonl',
  csv: 'csv',
} as const;
export type ExportFormat = keyof typeof exportFormats;

export interface LedgerExportRequest {
  readonly root: string;
  readonly format: ExportFormat;
  /** Absolute; default: `.annsmith/exports/FORMAT.ENDING`. */
  readonly out?: string | undefined;
  /** Write over a file that is there. */
  readonly force: boolean;
  /** Of one run (an id, or `last`), of one policy, of one module; default: of all. */
  readonly run?: string | undefined;
  readonly policy?: string | undefined;
  readonly module?: ModuleName | undefined;
  /** `sft`: confirmed gains only. */
  readonly confirmed: boolean;
  /** `preference`: by how much the rewards of a pair differ at least. */
  readonly margin: number;
  /** `verl`: with the logged completions. */
  readonly responses: boolean;
  /** e.g. `annsmith 1.2.3`, for formats that say what wrote them. */
  readonly createdBy: string;
  /** Told of every line that cannot be read, whatever comes of the rest. */
  readonly onProblem: (problem: LedgerProblem) => void;
}

export interface LedgerExport {
  readonly format: ExportFormat;
  readonly out: string;
  readonly bytes: number;
  /** Rows of the table, or lines of JSON. */
  readonly rows: number;
  /** Candidates and groups of the ledger that are in it. */
  readonly candidates: number;
  readonly groups: number;
  readonly leftOut: readonly LeftOut[];
  /** What of the ledger could not be read. */
  readonly problems: readonly LedgerProblem[];
}

/**
 * Writes a workspace's ledger for a trainer or a spreadsheet. UserErrors: `no-such-run`, `nothing-to-export` (says what
 * was left out), `file-exists`, `export-write`. The ledger is only read.
 */
export async function exportLedger(request: LedgerExportRequest): Promise<LedgerExport> {
  const { root, format, force } = request;
  const path = ledgerPath(root);
  const out = request.out ?? join(root, '.annsmith', 'exports', `${format}.${exportFormats[format]}`);
  if (!force) await requireFree(out);
  const { records, problems } = await readLedger(path);
  for (const problem of problems) request.onProblem(problem);
  const all = candidateRows(records);
  const wanted = chosen(all, { ...request, run: runOf(all, request.run, path) });
  const { content, rows, selection } = written(wanted, request);
  if (rows === 0) throw nothing(path, all, selection);
  await write(out, content);
  return {
    format,
    out,
    bytes: Buffer.byteLength(content),
    rows,
    candidates: selection.rows.length,
    groups: selection.groups().length,
    leftOut: selection.leftOut,
    problems,
  };
}

/** What was asked for: of one run, policy or module. */
function chosen(
  all: readonly CandidateRow[],
  { run, policy, module }: Pick<LedgerExportRequest, 'run' | 'policy' | 'module'>,
): Selection {
  return new Selection(all)
    .keep('other-run', (row) => run === undefined || row.run === run)
    .keep('other-policy', (row) => policy === undefined || row.policy.id === policy)
    .keep('other-module', (row) => module === undefined || row.module === module);
}

interface Written {
  readonly content: string | Uint8Array;
  readonly rows: number;
  readonly selection: Selection;
}

function written(wanted: Selection, request: LedgerExportRequest): Written {
  const { format } = request;
  if (format === 'csv') {
    return { content: candidatesCsv(wanted.rows), rows: wanted.rows.length, selection: wanted };
  }
  const prompted = wanted.keep('no-prompt', isPrompted);
  if (format === 'sft') {
    const selection = sftSelection(prompted, request.confirmed);
    return { content: sftLines(selection), rows: selection.rows.length, selection };
  }
  const rewarded = prompted.keep('no-reward', ({ reward }) => reward !== null);
  if (format === 'preference') {
    const { selection, pairs } = preferenceSelection(rewarded, request.margin);
    return { content: preferenceLines(pairs), rows: pairs.length, selection };
  }
  if (format === 'verl') {
    const groups = rewarded.groups().map((group) => group.filter(isPrompted));
    return { content: verlLines(groups, request.responses), rows: groups.length, selection: rewarded };
  }
  const rows = rewarded.rows.filter(isPrompted);
  return { content: trlParquet(rows, request.createdBy), rows: rows.length, selection: rewarded };
}

function runOf(all: readonly CandidateRow[], run: string | undefined, path: string): string | undefined {
  if (run === undefined) return undefined;
  const runs = [...new Set(all.map((row) => row.run))];
  if (run === 'last' && runs.length > 0) return runs.at(-1);
  if (runs.includes(run)) return run;
  throw new UserError(
    'no-such-run',
    `${path}: there is no run ${run} with candidates`,
    runs.length === 0 ? 'Start one with `annsmith optimize`.' : `Runs: ${runs.join(', ')}`,
  );
}

function nothing(path: string, all: readonly CandidateRow[], { leftOut }: Selection): UserError {
  if (all.length === 0) {
    return new UserError(
      'nothing-to-export',
      `${path}: there are no candidates yet`,
      'Make some with `annsmith optimize`.',
    );
  }
  const reasons = leftOut.map(({ reason, candidates }) => `${candidates} ${leftOutText[reason]}`);
  const policies = [...new Set(all.map(({ policy }) => policy.id))].sort();
  return new UserError(
    'nothing-to-export',
    `${path}: of ${all.length} candidates none is left: ${reasons.join('; ')}`,
    `Ask for less with --run, --policy or --module, or for another --format. Policies in this ledger: ${policies.join(', ')}.`,
  );
}

async function requireFree(out: string): Promise<void> {
  const isThere = await stat(out).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new UserError(
    'file-exists',
    `${out} is there already`,
    'Write over it with --force, or name another with --out.',
  );
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, content);
  } catch (error) {
    const known = withDiskFull(error, path);
    const { code, message } = error as NodeJS.ErrnoException;
    if (known instanceof UserError || code === undefined) throw known;
    throw new UserError(
      'export-write',
      `${path}: ${message}`,
      'Name a file that can be written with --out.',
      error,
    );
  }
}
