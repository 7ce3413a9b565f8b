import * as vscode from 'vscode';
import { registerBenchmark } from './benchmark.ts';
import { registerCancelRun } from './cancelRun.ts';
import type { CommandContext } from './commandContext.ts';
import { registerDoctor } from './doctor.ts';
import { registerInitWorkspace } from './initWorkspace.ts';
import { registerOptimizeModule } from './optimizeModule.ts';
import { registerOptimizeSelectedModule } from './optimizeSelectedModule.ts';
import { registerRefresh } from './refresh.ts';
import { registerRestartServer } from './restartServer.ts';
import { registerResumeRun } from './resumeRun.ts';
import { registerShowLog } from './showLog.ts';

/** The commands about the engine and its runs; views, review and curves register their own. */
export function registerCommands(context: CommandContext): vscode.Disposable {
  return vscode.Disposable.from(
    registerOptimizeModule(context),
    registerOptimizeSelectedModule(context),
    registerCancelRun(context),
    registerResumeRun(context),
    registerBenchmark(context),
    registerInitWorkspace(context),
    registerDoctor(context),
    registerShowLog(context),
    registerRestartServer(context),
    registerRefresh(context),
  );
}
