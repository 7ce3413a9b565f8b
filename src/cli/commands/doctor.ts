import type { Command } from 'commander';
import { examineMachine } from '../../engine/doctor.ts';
import { ExitWith, exitCodes } from '../exit.ts';
import type { Execute } from '../main.ts';

const marks = { good: 'ok  ', poor: 'poor', bad: 'BAD ' } as const;

export function addDoctorCommand(program: Command, execute: Execute): void {
  program
    .command('doctor')
    .description('check that this machine has what a run needs')
    .action(() =>
      execute(async ({ output, services }) => {
        const found = await examineMachine(services);
        output.result({ ok: found.every((d) => d.state !== 'bad'), diagnoses: found }, () =>
          found
            .map(
              (d) =>
                `${marks[d.state]} ${d.name}: ${d.finding}${d.fix === undefined ? '' : `\n     ${d.fix}`}`,
            )
            .join('\n'),
        );
        if (found.some((d) => d.state === 'bad')) throw new ExitWith(exitCodes.failed);
      }),
    );
}
