import { Command, CommanderError } from 'commander';
import packageManifest from '../../package.json' with { type: 'json' };
import words from '../../package.nls.json' with { type: 'json' };
import { errorText, isAbort, UserError } from '../engine/errors.ts';
import { useProxyOf } from '../engine/policy/model/environment.ts';
import { addBenchCommand } from './commands/bench.ts';
import { addCalibrateCommand } from './commands/calibrate.ts';
import { addDatasetsCommand } from './commands/datasets.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addGrpoCommand } from './commands/grpo.ts';
import { addInitCommand } from './commands/init.ts';
import { addLedgerCommand } from './commands/ledger.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addModulesCommand } from './commands/modules.ts';
import { addOptimizeCommand } from './commands/optimize.ts';
import { addPromptCommand } from './commands/prompt.ts';
import { addReportCommand } from './commands/report.ts';
import { addRunsCommand } from './commands/runs.ts';
import { addServeRewardsCommand } from './commands/serveRewards.ts';
import { type CommandContext, createContext } from './context.ts';
import { ExitWith, exitCodes } from './exit.ts';

/** Runs a command with its output, services and cancellation, and turns its end into an exit code. */
export type Execute = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

useProxyOf(process.env);

const program = new Command('annsmith')
  .description(words.description)
  .version(packageManifest.version)
  .option('--json', 'print one JSON document on stdout')
  .option('--quiet', 'no progress, only warnings and errors on stderr')
  .option('--verbose', 'debug messages on stderr')
  .showHelpAfterError('(see --help)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

async function execute(work: (context: CommandContext) => Promise<void>): Promise<void> {
  const options = program.opts<{ json?: boolean; quiet?: boolean; verbose?: boolean }>();
  const controller = new AbortController();
  const context = createContext(
    { json: options.json ?? false, quiet: options.quiet ?? false, verbose: options.verbose ?? false },
    controller.signal,
  );
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.cancelled);
    context.output.info('cancelling; once more to leave at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await work(context);
  } catch (error) {
    context.output.finish();
    if (error instanceof ExitWith) process.exitCode = error.code;
    else if (controller.signal.aborted || isAbort(error)) {
      context.output.info('cancelled');
      process.exitCode = exitCodes.cancelled;
    } else {
      process.exitCode = exitCodes.failed;
      if (error instanceof UserError) context.output.error(`${error.message}\n  ${error.fix}`);
      else
        context.output.error(
          `a bug in annsmith: ${error instanceof Error ? (error.stack ?? error.message) : errorText(error)}`,
        );
      if (options.json === true) {
        const code = error instanceof UserError ? error.code : 'bug';
        const fix = error instanceof UserError ? error.fix : undefined;
        context.output.result({ error: { code, message: errorText(error), fix } }, () => '');
      }
    }
  } finally {
    context.output.finish();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

addInitCommand(program, execute);
addModulesCommand(program, execute);
addDatasetsCommand(program, execute);
addBenchCommand(program, execute);
addCalibrateCommand(program, execute);
addOptimizeCommand(program, execute);
addPromptCommand(program, execute);
addRunsCommand(program, execute);
addReportCommand(program, execute);
addLedgerCommand(program, execute);
addServeRewardsCommand(program, execute);
addDoctorCommand(program, execute);
addMcpCommand(program, execute);
addGrpoCommand(program, execute);

/** `--json` and its like may stand before or after the command's name. */
function withGlobalOptionsFirst(args: readonly string[]): string[] {
  const globals = new Set(['--json', '--quiet', '--verbose']);
  return [...args.filter((a) => globals.has(a)), ...args.filter((a) => !globals.has(a))];
}

try {
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync(withGlobalOptionsFirst(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
}
