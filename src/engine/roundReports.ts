import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GrpoRoundReport, grpoRoundReportSchema } from '../protocol/grpo.ts';
import { writeWhole } from './wholeFile.ts';

/** Keeps what came of a round of GRPO, in a policy's folder. */
export async function writeRoundReport(folder: string, report: GrpoRoundReport): Promise<void> {
  await mkdir(join(folder, 'rounds'), { recursive: true });
  const text = JSON.stringify(grpoRoundReportSchema.parse(report));
  await writeWhole(join(folder, 'rounds', `${report.id}.json`), `${text}\n`);
}

/** What came of a policy's rounds so far, oldest first; files that are no report are left out. */
export async function readRoundReports(folder: string): Promise<GrpoRoundReport[]> {
  const reports: GrpoRoundReport[] = [];
  for (const file of await filesIn(join(folder, 'rounds'))) {
    if (!file.endsWith('.json')) continue;
    const report = readReport(await readFile(join(folder, 'rounds', file), 'utf8'));
    if (report !== undefined) reports.push(report);
  }
  return reports.sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** Names of what lies in a folder; none where there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

function readReport(text: string): GrpoRoundReport | undefined {
  try {
    return grpoRoundReportSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
