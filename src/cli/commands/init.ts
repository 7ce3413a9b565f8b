import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { proposeManifest, writeProposal } from '../../engine/module/init.ts';
import type { Execute } from '../main.ts';

/** Asks on the terminal; anything but yes is no, and so is no terminal. */
async function agreed(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

export function addInitCommand(program: Command, execute: Execute): void {
  program
    .command('init [dir]')
    .description(
      'recognise an HNSW workspace and write its annsmith.json (and an adapter where one is needed)',
    )
    .option('--yes', 'write without asking')
    .action((dir: string | undefined, options: { yes?: boolean }) =>
      execute(async ({ output }) => {
        const proposal = await proposeManifest(resolve(dir ?? '.'), { syntax: await createCppSyntax() });
        for (const reason of proposal.reasons) output.info(reason);
        for (const file of proposal.files) output.info(`would write ${file.path}:\n${file.text}`);
        const write = options.yes === true || (await agreed('Write these files?'));
        if (write) await writeProposal(proposal);
        const files = proposal.files.map((f) => f.path);
        output.result({ written: write, files, reasons: proposal.reasons }, () =>
          write ? `written: ${files.join(', ')}` : 'nothing written; use --yes to write',
        );
      }),
    );
}
