import * as vscode from 'vscode';
import type { Runs } from '../feature.ts';
import { views } from '../ids.ts';

/** The progress bar of the Candidates view, for as long as a run goes on. */
export function showViewProgress(runs: Runs): vscode.Disposable {
  let end: (() => void) | undefined;
  const follow = (): void => {
    if (runs.active === undefined) {
      end?.();
      end = undefined;
    } else if (end === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      end = resolve;
      void vscode.window.withProgress({ location: { viewId: views.candidates } }, () => promise);
    }
  };
  follow();
  const listener = runs.onChange(follow);
  return new vscode.Disposable(() => {
    listener.dispose();
    end?.();
  });
}
