import { readFile } from 'node:fs/promises';
import { type LedgerRecord, ledgerRecordSchema, ledgerVersion } from '../../protocol/ledger.ts';

/** What could not be read from a ledger, by line. */
export interface LedgerProblem {
  readonly line: number;
  readonly problem: string;
}

/** Readable records, in order, and what was skipped. */
export interface LedgerContents {
  readonly records: LedgerRecord[];
  readonly problems: LedgerProblem[];
}

/** Every record of the ledger. A missing file is an empty ledger. */
export async function readLedger(path: string): Promise<LedgerContents> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return parseLedger(text, 1);
}

/** The records of a ledger's text, or of its end from a line on. */
export function parseLedger(text: string, firstLine: number): LedgerContents {
  const records: LedgerRecord[] = [];
  const problems: LedgerProblem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const read = parseRecord(line);
    if (typeof read === 'string') problems.push({ line: firstLine + index, problem: `${read}; skipped` });
    else records.push(read);
  }
  return { records, problems };
}

/** The record of a line, or why there is none. */
function parseRecord(line: string): LedgerRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not a whole JSON record (torn by a crash?)';
  }
  const version = typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined;
  if (version !== ledgerVersion)
    return `record version ${String(version)}, this program reads ${ledgerVersion}`;
  const parsed = ledgerRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join('.')}: ${issue?.message}`;
}
