import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { proposalText } from '../../protocol/agentText.ts';
import type { ModuleName } from '../../protocol/module.ts';
import type { FeatureContext } from '../feature.ts';
import { errorLine } from '../reportError.ts';
import { howFar } from '../runText.ts';
import { benchmarkSeconds, runSettings } from '../settings.ts';
import { agentFolder } from './folder.ts';
import { candidateText, measuredText, overviewText, runsText, runText } from './toolText.ts';

interface InFolder {
  readonly folder?: string;
}
export type ListInput = InFolder;
export interface BenchmarkInput extends InFolder {
  readonly dataset?: string;
}
export interface ProposeInput extends InFolder {
  readonly module: ModuleName;
  readonly patch: string;
  readonly dataset?: string;
}
export interface ResultsInput extends InFolder {
  readonly run?: string;
  readonly candidate?: string;
}

type Context = Pick<FeatureContext, 'engine' | 'store' | 'log'>;
type Token = vscode.CancellationToken;

/** What each tool does; answers are for a model. An error says what to do next, since the model is told it. */
export const toolWork = {
  listModules: async (context: Context, { folder }: ListInput): Promise<string> => {
    const overview = await agentFolder(context, folder);
    const files = new Set(overview.modules.flatMap(({ regions }) => regions.map(({ file }) => file)));
    const texts = new Map(
      await Promise.all(
        [...files].map(async (file) => [file, await savedText(join(overview.root, file))] as const),
      ),
    );
    return overviewText(overview, (file) => texts.get(file) ?? '');
  },

  benchmark: async (context: Context, { folder, dataset }: BenchmarkInput, token: Token): Promise<string> => {
    const { root, name } = await agentFolder(context, folder);
    const title = vscode.l10n.t('Benchmarking {0}', name);
    const measured = await measuring(context, title, (job) =>
      context.engine.request(
        'annsmith/bench',
        { root, job, dataset: datasetOf(root, dataset), seconds: benchmarkSeconds(vscode.Uri.file(root)) },
        token,
      ),
    );
    return measuredText(measured);
  },

  proposePatch: async (context: Context, input: ProposeInput, token: Token): Promise<string> => {
    const { module, patch: text, dataset, folder } = input;
    const { root } = await agentFolder(context, folder);
    const title = vscode.l10n.t('Judging a patch to {0}', module);
    const outcome = await measuring(context, title, (job) =>
      context.engine.request(
        'annsmith/propose',
        { root, job, module, text, dataset: datasetOf(root, dataset) },
        token,
      ),
    );
    return proposalText(outcome);
  },

  showResults: async (context: Context, { folder, run: id, candidate }: ResultsInput): Promise<string> => {
    const { root } = await agentFolder(context, folder);
    const runs = await context.engine.request('annsmith/runs', { root });
    if (id === undefined) return runsText(runs);
    const run = runs.find((other) => other.id === id);
    if (run === undefined) throw new Error(`There is no run ${id}. Runs, newest first:\n${runsText(runs)}`);
    if (candidate === undefined) return runText(run);
    const change = await context.engine.request('annsmith/change', { root, run: id, candidate });
    return candidateText(run, change);
  },
} as const;

/** The dataset that is named, else that of the settings, else (null) the manifest's first. */
function datasetOf(root: string, named: string | undefined): string | null {
  const dataset = named ?? runSettings(vscode.Uri.file(root)).dataset;
  return dataset === '' ? null : dataset;
}

async function savedText(path: string): Promise<string> {
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.file(path));
  // Offsets of regions count a byte order mark.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Shows in the status bar how far the work is; the chat shows only that it goes on. */
async function measuring<T>(
  { engine }: Context,
  title: string,
  work: (job: string) => Promise<T>,
): Promise<T> {
  const job = randomUUID();
  const location = vscode.ProgressLocation.Window;
  return vscode.window.withProgress({ location, title }, async (progress) => {
    const listener = engine.onEvent((event) => {
      if (event.kind !== 'progress' || event.job !== job) return;
      const far = howFar(event, vscode.l10n);
      progress.report({ message: far === '' ? event.message : `${event.message} · ${far}` });
    });
    try {
      return await work(job);
    } finally {
      listener.dispose();
    }
  });
}

/** Runs a tool: its answer as a result, its error as one that a model can read. */
export async function answerTool(
  { log }: Pick<Context, 'log'>,
  name: string,
  work: () => Promise<string>,
): Promise<vscode.LanguageModelToolResult> {
  try {
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(await work())]);
  } catch (error) {
    if (error instanceof vscode.CancellationError) throw error;
    log.warn(`${name}: ${errorLine(error)}`);
    throw new Error(errorLine(error), { cause: error });
  }
}
