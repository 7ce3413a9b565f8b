import { readFile } from 'node:fs/promises';
import { type LedgerRecord, ledgerRecordSchema, ledgerVersion } from '../../protocol/ledger.ts';

/** What could not be read from a ledger, by line. */
export interface LedgerProblem {
  readonly line: number;
  readonly problem: string;
}

/** Every readable record, in order, and what was skipped. A missing file is an empty ledger. */
export async function readLedger(
  path: string,
): Promise<{ readonly records: LedgerRecord[]; readonly problems: LedgerProblem[] }> {
  const records: LedgerRecord[] = [];
  const problems: LedgerProblem[] = [];
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      problems.push({ line: index + 1, problem: 'not a whole JSON record (torn by a crash?); skipped' });
      continue;
    }
    const version = typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined;
    if (version !== ledgerVersion) {
      problems.push({
        line: index + 1,
        problem: `record version ${String(version)}, this program reads ${ledgerVersion}; skipped`,
      });
      continue;
    }
    const parsed = ledgerRecordSchema.safeParse(value);
    if (parsed.success) records.push(parsed.data);
    else {
      const issue = parsed.error.issues[0];
      problems.push({ line: index + 1, problem: `${issue?.path.join('.')}: ${issue?.message}; skipped` });
    }
  }
  return { records, problems };
}
