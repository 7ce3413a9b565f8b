import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { UserError } from '../../engine/errors.ts';
import { withJudge } from '../../engine/judge.ts';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { runInputs } from '../../engine/runInputs.ts';
import { splitDatasetNames } from '../../protocol/dataset.ts';
import type { ModuleName } from '../../protocol/module.ts';
import { type Aggregate, aggregates } from '../../protocol/optimize.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';
import { modulesOf } from '../modulesOf.ts';
import { wholeNumber } from '../numbers.ts';
import { startRewardServer } from '../rewards/rewardServer.ts';

interface Options {
  readonly workspace?: string;
  readonly module: readonly [ModuleName, ...ModuleName[]];
  readonly dataset: readonly string[];
  readonly aggregate: Aggregate;
  readonly port: number;
  readonly pending: number;
  readonly seed: number;
}

/** Where clients and server have it from; a token in an argument could be read by others. */
const tokenVariable = 'ANNSMITH_REWARD_TOKEN';
const shortestToken = 16;

export function addServeRewardsCommand(program: Command, execute: Execute): void {
  program
    .command('serve-rewards')
    .description(`judge completions for a trainer, over HTTP on this machine; clients send $${tokenVariable}`)
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .requiredOption(
      '--module <module>',
      'what completions change; the first is the default of requests',
      modulesOf,
    )
    .option(
      '--dataset <name>',
      "dataset, or several with commas (default: the manifest's first)",
      (value: string, before: readonly string[]) => [...before, ...splitDatasetNames(value)],
      [],
    )
    .addOption(
      new Option('--aggregate <how>', 'one gain from several datasets')
        .choices([...aggregates])
        .default('geomean'),
    )
    .option('--port <n>', 'port on 127.0.0.1; 0 for any', wholeNumber(0, 65_535), 0)
    .option(
      '--pending <n>',
      'completions that may wait before requests are told to come again',
      wholeNumber(1, 4096),
      64,
    )
    .option('--seed <n>', 'seed of the query order', wholeNumber(0, 2 ** 31), 1)
    .action((options: Options) =>
      execute(async ({ output, services, signal }) => {
        const token = requiredToken(process.env[tokenVariable]);
        const syntax = await createCppSyntax();
        const inputs = await runInputs(
          { root: findWorkspace(options.workspace), datasets: options.dataset, heldOut: [] },
          { services, signal, syntax },
        );
        const { module: modules, aggregate, seed } = options;
        const request = { services, signal, ...inputs, syntax, modules, aggregate, seed };
        await withJudge(request, async (judge) => {
          const server = await startRewardServer({
            judge,
            token,
            port: options.port,
            mostPending: options.pending,
            logger: services.logger,
          });
          output.result(
            { url: server.url, run: judge.runId, modules },
            () => `rewards: ${server.url}/v1/rewards`,
          );
          if (!signal.aborted) await once(signal, 'abort');
          await server.close();
        });
      }),
    );
}

function requiredToken(token: string | undefined): string {
  const problem =
    token === undefined
      ? 'is not set'
      : !/^[!-~]*$/.test(token)
        ? 'has characters that a header cannot carry (a space or a line break, perhaps at its end)'
        : token.length < shortestToken
          ? `is shorter than ${shortestToken} characters`
          : undefined;
  if (token !== undefined && problem === undefined) return token;
  throw new UserError(
    'no-token',
    `$${tokenVariable} ${problem}`,
    `Set it for server and clients alike: export ${tokenVariable}=$(openssl rand -hex 32)`,
  );
}
