import * as vscode from 'vscode';
import type { Benchmarks } from '../benchmark.ts';
import type { FeatureContext } from '../feature.ts';
import { commands, views } from '../ids.ts';
import { type Activity, statusLabel, statusText } from './statusText.ts';

type Parts = Pick<FeatureContext, 'engine' | 'store' | 'runs'> & { readonly benchmarks: Benchmarks };

/** The item of the status bar: what is going on, and the way to the candidates. Hidden where there is nothing for us. */
export function registerStatusItem(parts: Parts): vscode.Disposable {
  const { engine, store, runs, benchmarks } = parts;
  const item = vscode.window.createStatusBarItem('annsmith.status', vscode.StatusBarAlignment.Left);
  item.name = 'Annsmith';
  const show = (): void => {
    const activity = activityOf(parts);
    item.text = statusText(activity, vscode.l10n);
    item.tooltip = tooltipOf(parts, activity);
    item.accessibilityInformation = { label: statusLabel(activity, vscode.l10n), role: 'button' };
    item.command =
      activity.kind === 'run'
        ? { command: commands.cancelRun, title: '', arguments: [{ ask: true }] }
        : { command: `${views.candidates}.focus`, title: '' };
    const isOurs = store.workspaces.some(({ state }) => state !== 'other');
    if (isOurs || activity.kind !== 'idle') item.show();
    else item.hide();
  };
  show();
  return vscode.Disposable.from(
    item,
    engine.onState(show),
    store.onChange(show),
    runs.onChange(show),
    benchmarks.onChange(show),
  );
}

function activityOf({ engine, runs, benchmarks }: Parts): Activity {
  if (runs.active !== undefined) return { kind: 'run', run: runs.active };
  if (benchmarks.measuring !== undefined) return { kind: 'benchmark', far: benchmarks.measuring.far };
  return { kind: 'idle', isStarting: engine.state === 'starting' };
}

function tooltipOf({ store }: Parts, activity: Activity): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString('', true);
  if (activity.kind === 'run') {
    tooltip.appendText(`${activity.run.stage}: ${activity.run.message}`);
    tooltip.appendMarkdown('\n\n');
    tooltip.appendText(vscode.l10n.t('Click to cancel the run, or to see its candidates.'));
    return tooltip;
  }
  const ready = store.workspaces.filter(({ state }) => state === 'ready');
  for (const { name, modules } of ready) {
    tooltip.appendMarkdown('**');
    tooltip.appendText(name);
    tooltip.appendMarkdown('**\n\n');
    for (const { module, measured } of modules) {
      const qps = measured?.qps ?? null;
      const speed =
        measured === null || qps === null
          ? vscode.l10n.t('not measured')
          : vscode.l10n.t(
              '{0} QPS at recall {1}',
              Math.round(qps).toLocaleString('en-US'),
              String(measured.recall),
            );
      tooltip.appendMarkdown('- ');
      tooltip.appendText(
        `${module}: ${speed}${measured?.stale === true ? ` (${vscode.l10n.t('changed since')})` : ''}`,
      );
      tooltip.appendMarkdown('\n');
    }
  }
  if (ready.length === 0) tooltip.appendText(vscode.l10n.t('Show the candidates'));
  return tooltip;
}
