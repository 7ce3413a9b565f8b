import { once } from 'node:events';
import type { Command } from 'commander';
import packageManifest from '../../../package.json' with { type: 'json' };
import { type CppSyntaxTrees, createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';
import { oneAtATime } from '../mcp/alone.ts';

export function addMcpCommand(program: Command, execute: Execute): void {
  program
    .command('mcp')
    .description(
      'serve agents over the Model Context Protocol on stdin and stdout: they propose and measure, never apply',
    )
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .action((options: { workspace?: string }) =>
      execute(async ({ services, signal, output }) => {
        // Not read in before an agent comes: every other command would wait for it.
        const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
        const { createMcpServer } = await import('../mcp/server.ts');
        const leaving = new AbortController();
        let syntax: Promise<CppSyntaxTrees> | undefined;
        const alone = oneAtATime();
        const server = createMcpServer(packageManifest.version, {
          services,
          signal: AbortSignal.any([signal, leaving.signal]),
          root: () => findWorkspace(options.workspace),
          syntax: () => {
            syntax ??= createCppSyntax();
            return syntax;
          },
          alone,
        });
        // The client has gone, or somebody ends this process.
        const gone = Promise.race([
          once(process.stdin, 'end'),
          once(process.stdin, 'close'),
          aborted(signal),
        ]);
        // From here on stdout belongs to the protocol.
        await server.connect(new StdioServerTransport());
        output.info('annsmith serves agents on stdin and stdout');
        await gone;
        leaving.abort();
        // What was cut off still has to end its processes and its run.
        await alone(new AbortController().signal, async () => undefined);
        await server.close();
      }),
    );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
