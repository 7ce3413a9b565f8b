import type { Command } from 'commander';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { loadWorkspace } from '../../engine/module/workspace.ts';
import { moduleNames } from '../../protocol/module.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';
import { table } from '../table.ts';

export function addModulesCommand(program: Command, execute: Execute): void {
  program
    .command('modules')
    .description('the modules of a workspace and the regions they are made of')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .action((options: { workspace?: string }) =>
      execute(async ({ output }) => {
        const workspace = await loadWorkspace(findWorkspace(options.workspace), {
          syntax: await createCppSyntax(),
        });
        const modules = moduleNames.map((name) => ({ name, regions: workspace.regions[name] }));
        output.result(
          { workspace: workspace.root, name: workspace.manifest.name, modules, roles: workspace.roles },
          () =>
            table(
              ['module', 'symbol', 'where', 'kind'],
              modules.flatMap((m) =>
                m.regions.map((r) => [m.name, r.symbol, `${r.file}:${r.startLine}-${r.endLine}`, r.kind]),
              ),
            ),
        );
      }),
    );
}
