import * as vscode from 'vscode';
import type { FeatureContext } from '../feature.ts';
import { commands, settings } from '../ids.ts';
import { BuildFailed, buildNativeParts } from './cmakeBuild.ts';
import { nativeFolder, nativePartsBuilt, nativeSources } from './nativeFolder.ts';

/**
 * Builds the native parts on first use, in a package that brings their sources only: asks once per window when a folder
 * turns out to be one that can be measured, and whenever the command is called.
 */
export function registerNative(context: FeatureContext): vscode.Disposable {
  const { extension, store } = context;
  const command = vscode.commands.registerCommand(commands.buildNative, () => build(context));
  if (nativePartsBuilt(extension) || nativeSources(extension) === undefined) return command;
  let asked = false;
  const ask = (): void => {
    const usable = store.workspaces.some(({ state }) => state === 'ready' || state === 'recognised');
    if (asked || !usable || !vscode.workspace.isTrusted || nativePartsBuilt(extension)) return;
    asked = true;
    void askToBuild(context);
  };
  ask();
  return vscode.Disposable.from(command, store.onChange(ask), vscode.workspace.onDidGrantWorkspaceTrust(ask));
}

async function askToBuild(context: FeatureContext): Promise<void> {
  const yes = vscode.l10n.t('Build');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t(
      'Annsmith measures with a native harness, which has to be built on this machine once. It takes a minute or two and needs CMake and a C++17 compiler.',
    ),
    yes,
    vscode.l10n.t('Not Now'),
  );
  if (answer === yes) await build(context);
}

async function build(context: FeatureContext): Promise<void> {
  const { extension, log } = context;
  const sources = nativeSources(extension);
  if (nativePartsBuilt(extension) || sources === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The native parts are built: {0}', nativeFolder(extension)),
    );
    return;
  }
  const compiler = vscode.workspace.getConfiguration().get<string>(settings.compiler, '');
  try {
    await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t("Building Annsmith's native parts"),
        cancellable: true,
      },
      async (progress, token) => {
        const controller = new AbortController();
        const cancelling = token.onCancellationRequested(() =>
          controller.abort(new vscode.CancellationError()),
        );
        let done = 0;
        try {
          await buildNativeParts({
            sources,
            destination: nativeFolder(extension),
            compiler,
            signal: controller.signal,
            onLine: (line) => log.info(line),
            onFraction: (fraction) => {
              progress.report({ increment: Math.max(0, fraction - done) * 100 });
              done = Math.max(done, fraction);
            },
          });
        } finally {
          cancelling.dispose();
        }
      },
    );
    await context.engine.restart();
    await context.store.refresh();
  } catch (error) {
    if (error instanceof vscode.CancellationError) return;
    await sayFailed(context, error);
  }
}

async function sayFailed({ log }: FeatureContext, error: unknown): Promise<void> {
  log.error(error instanceof Error ? error : String(error));
  const again = vscode.l10n.t('Try Again');
  const show = vscode.l10n.t('Show Log');
  const answer = await vscode.window.showErrorMessage(
    error instanceof BuildFailed && error.missing
      ? vscode.l10n.t(
          'CMake was not found. Install CMake 3.20 or newer and a C++17 compiler, then try again.',
        )
      : vscode.l10n.t("Annsmith's native parts could not be built. The log has the compiler's words."),
    again,
    show,
  );
  if (answer === again) await vscode.commands.executeCommand(commands.buildNative);
  else if (answer === show) log.show();
}
