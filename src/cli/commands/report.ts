import { resolve } from 'node:path';
import type { Command } from 'commander';
import packageManifest from '../../../package.json' with { type: 'json' };
import { ledgerPath } from '../../engine/ledger/runSummary.ts';
import { writeReport } from '../../engine/writeReport.ts';
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
        const { problems, ...written } = await writeReport({
          root,
          run: id,
          out: options.out === undefined ? undefined : resolve(options.out),
          version: packageManifest.version,
          clock: services.clock,
        });
        const { run, status, out } = written;
        for (const { line, problem } of problems) output.warn(`${ledgerPath(root)}:${line}: ${problem}`);
        if (status !== 'done') output.warn(`run ${run} is ${status}; the report says what is there`);
        const document = { ...written, skippedLines: problems.map(({ line }) => line) };
        output.result(document, () => out);
      }),
    );
}
