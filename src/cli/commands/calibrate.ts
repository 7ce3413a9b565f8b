import type { Command } from 'commander';
import { calibrateMachine } from '../../engine/calibration.ts';
import type { Calibration, FalseCalls } from '../../protocol/calibration.ts';
import type { Estimate } from '../../protocol/measurement.ts';
import { formatBytes, formatGain } from '../../protocol/numberText.ts';
import { loadInputs } from '../loadInputs.ts';
import type { Execute } from '../main.ts';
import { wholeNumber } from '../numbers.ts';
import { table } from '../table.ts';

function percent(value: number): string {
  return `${(value * 100).toFixed(2)} %`;
}

function bias({ value, low, high }: Estimate): string {
  return `${percent(value)} (${percent(low)} .. ${percent(high)})`;
}

function falseCalls(name: string, { calls, replays, rate, upperBound }: FalseCalls): string {
  return `${name}: ${calls} false calls in ${replays} replayed pairs of equals: ${percent(rate)}, at most ${percent(upperBound)} with 95 % confidence`;
}

function calibrationText(c: Calibration): string {
  return [
    falseCalls('screening', c.screening),
    falseCalls('confirmation', c.confirmation),
    `spread between fresh processes: ${percent(c.processEffect.sd)}`,
    '',
    table(
      ['injected slow-down', 'measured', '95 % interval', 'called', 'seconds'],
      c.slowdowns.map((s) => [
        percent(s.slowdown),
        formatGain(s.logRatio.value),
        `${formatGain(s.logRatio.low)} .. ${formatGain(s.logRatio.high)}`,
        s.called ? 'yes' : 'no',
        s.seconds.toFixed(0),
      ]),
    ),
    '',
    'what alternating with a large partner adds to the time per query:',
    table(
      ['working set', 'of the last-level cache', 'paired', 'resident', 'resident chunk'],
      c.switchingBias.map((b) => [
        formatBytes(b.bytes),
        `${b.cacheShare} x`,
        bias(b.paired),
        bias(b.resident),
        b.residentChunk,
      ]),
    ),
  ].join('\n');
}

export function addCalibrateCommand(program: Command, execute: Execute): void {
  program
    .command('calibrate')
    .description('measure what this machine’s comparisons are worth (six to eight minutes)')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .option('--dataset <name>', "dataset (default: the manifest's first)")
    .option('--seed <n>', 'seed of the query order and the replays', wholeNumber(0, 2 ** 31), 1)
    .action((options: { workspace?: string; dataset?: string; seed: number }) =>
      execute(async (context) => {
        const { services, signal, output } = context;
        const { workspace, dataset } = await loadInputs(options, context);
        const { seed } = options;
        const { calibration, path } = await calibrateMachine({ services, signal, workspace, dataset, seed });
        output.result(
          { ...calibration, path },
          () => `${calibrationText(calibration)}\n\nkept for later measurements: ${path}`,
        );
      }),
    );
}
