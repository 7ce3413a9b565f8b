import * as vscode from 'vscode';
import { registerAgents } from './host/agents/register.ts';
import { Benchmarks } from './host/benchmark.ts';
import { registerCommands } from './host/commands/register.ts';
import { setContextKeys } from './host/contextKeys.ts';
import { registerCurves } from './host/curves/register.ts';
import { EngineClient, restartOnSettings } from './host/engine/engineClient.ts';
import type { FeatureContext } from './host/feature.ts';
import { registerGrpo } from './host/grpo/register.ts';
import { registerNative } from './host/native/buildNative.ts';
import { nativeFolder } from './host/native/nativeFolder.ts';
import { EditorModels } from './host/policy/editorModels.ts';
import { registerPolicy } from './host/policy/register.ts';
import { createReview } from './host/review/review.ts';
import { WindowRuns } from './host/runs.ts';
import { registerStatusItem } from './host/status/statusItem.ts';
import { showViewProgress } from './host/status/viewProgress.ts';
import { EngineStore } from './host/store.ts';
import { registerTaskProvider } from './host/tasks/taskProvider.ts';
import { registerViews, type Views } from './host/views/register.ts';

/** What tests, and other extensions, can see of a window's Annsmith. */
export interface AnnsmithApi extends Pick<FeatureContext, 'store' | 'runs' | 'review'> {
  readonly engine: EngineClient;
  readonly views: Views;
}

/** Makes the parts, hands them to the features, and returns; the engine server starts in the background. */
export function activate(extension: vscode.ExtensionContext): AnnsmithApi {
  const own = <T extends vscode.Disposable>(part: T): T => {
    extension.subscriptions.push(part);
    return part;
  };
  const log = own(vscode.window.createOutputChannel('Annsmith', { log: true }));
  const models = own(new EditorModels(extension));
  const engine = own(
    new EngineClient({
      extensionUri: extension.extensionUri,
      nativeFolder: () => nativeFolder(extension),
      log,
      models,
    }),
  );
  // First of all: its process starts up beside what follows.
  engine.startWhenAllowed();
  const store = own(new EngineStore(engine, log));
  const runs = own(new WindowRuns({ engine, store, log, memento: extension.workspaceState }));
  const review = own(createReview({ extension, log, engine, store }));
  const benchmarks = own(new Benchmarks(engine));
  const context: FeatureContext = { extension, log, engine, store, runs, review };

  own(setContextKeys(context));
  own(registerCommands({ ...context, benchmarks }));
  own(registerTaskProvider(store, runs));
  own(registerStatusItem({ engine, store, runs, benchmarks }));
  own(showViewProgress(runs));
  const views = own(registerViews(context, models));
  own(registerPolicy(context, models));
  own(registerCurves(context));
  own(registerGrpo(context));
  own(registerNative(context));
  own(registerAgents(context));
  own(restartOnSettings(engine, () => runs.active !== undefined, runs.onChange, log));
  return { engine, store, runs, review, views };
}
