import * as vscode from 'vscode';
import type { CandidateView } from '../../protocol/engine.ts';
import type { FeatureContext } from '../feature.ts';
import { commands } from '../ids.ts';
import { errorLine } from '../reportError.ts';
import { questionMessage } from './chatPrompt.ts';
import { emptyRunText, type Facts, factsOf, factsShown } from './facts.ts';
import { agentFolder } from './folder.ts';
import { chatCommands } from './ids.ts';
import { statusMarkdown } from './statusText.ts';
import { askedAbout, type Subject } from './subject.ts';

/** What of the features is needed. */
export interface ChatContext extends Pick<FeatureContext, 'engine' | 'store' | 'runs'> {
  readonly log: Pick<FeatureContext['log'], 'warn' | 'debug'>;
}

type Stream = Pick<vscode.ChatResponseStream, 'markdown' | 'button' | 'progress'>;

/** Answers `@annsmith`: what the ledger says first, then, where the chat has a model, its words about that. */
export async function answerChat(
  context: ChatContext,
  request: Pick<vscode.ChatRequest, 'command' | 'prompt'> & {
    readonly model?: Pick<vscode.LanguageModelChat, 'name' | 'sendRequest'>;
  },
  stream: Stream,
  token: vscode.CancellationToken,
): Promise<void> {
  try {
    if (request.command === chatCommands.status) await answerStatus(context, request, stream, token);
    else await answerResult(context, request, stream, token);
  } catch (error) {
    if (error instanceof vscode.CancellationError || token.isCancellationRequested) return;
    context.log.warn(`@annsmith: ${errorLine(error)}`);
    stream.markdown(errorLine(error));
  }
}

type Request = Parameters<typeof answerChat>[1];

async function answerStatus(
  context: ChatContext,
  request: Request,
  stream: Stream,
  token: vscode.CancellationToken,
): Promise<void> {
  const { engine, store, runs } = context;
  await store.refresh();
  const sources = {
    engine: engine.state,
    active: runs.active,
    workspaces: store.workspaces,
    runsOf: (root: string) => store.runsOf(root),
  };
  stream.markdown(statusMarkdown(sources, vscode.l10n));
  stream.button({ command: commands.showCurves, title: vscode.l10n.t('Show QPS-Recall Curves') });
  if (request.prompt.trim() === '') return;
  await ask(context, request, statusMarkdown(sources, vscode.l10n, 'no errors'), stream, token);
}

async function answerResult(
  context: ChatContext,
  request: Request,
  stream: Stream,
  token: vscode.CancellationToken,
): Promise<void> {
  const { engine } = context;
  const { root } = await agentFolder(context, undefined);
  const runs = await engine.request('annsmith/runs', { root }, token);
  const { subject, run, question } = askedAbout(request.prompt, runs);
  if (run === undefined) {
    stream.markdown(vscode.l10n.t('There is no run to explain yet: optimize a module first.'));
    stream.button({ command: commands.optimizeModule, title: vscode.l10n.t('Optimize Module…') });
    return;
  }
  if (subject === undefined) {
    stream.markdown(emptyRunText(run, vscode.l10n));
    return;
  }
  const facts = await gather(context, root, subject, token);
  stream.markdown(factsShown(facts));
  offer(root, subject, stream);
  // Quotes and diff stay on this machine: nobody has taken secrets and paths out of them.
  await ask(context, { ...request, prompt: question }, facts.text, stream, token);
}

async function gather(
  { engine, log }: ChatContext,
  root: string,
  subject: Subject,
  token: vscode.CancellationToken,
): Promise<Facts> {
  const { run, candidate, view } = subject;
  // A candidate without a patch, or one whose texts are gone, has no change to show; its verdict still says something.
  const unless = (error: unknown): undefined => {
    if (error instanceof vscode.CancellationError) throw error;
    log.debug(`@annsmith: ${errorLine(error)}`);
    return undefined;
  };
  const [change, curves] = await Promise.all([
    hasChange(view)
      ? engine.request('annsmith/change', { root, run: run.id, candidate }, token).catch(unless)
      : undefined,
    engine.request('annsmith/curves', { root }, token).catch(unless),
  ]);
  return factsOf({ subject, change, curves }, vscode.l10n);
}

function hasChange(view: CandidateView | null): boolean {
  return view === null || view.hasPatch;
}

/** What the user can do next. Each of them shows; none applies. */
function offer(root: string, { run, candidate, view }: Subject, stream: Stream): void {
  const target = { root, run: run.id, candidate };
  if (hasChange(view)) {
    stream.button({
      command: commands.reviewCandidate,
      title: vscode.l10n.t('Review in Editor'),
      arguments: [target],
    });
    stream.button({ command: commands.openDiff, title: vscode.l10n.t('Open Diff'), arguments: [target] });
  }
  stream.button({
    command: commands.showCurves,
    title: vscode.l10n.t('Show QPS-Recall Curves'),
    arguments: [target],
  });
}

/** The chat's own model about the facts. Where it does not answer, the facts stand alone. */
async function ask(
  { log }: ChatContext,
  { model, prompt: question }: Request,
  facts: string,
  stream: Stream,
  token: vscode.CancellationToken,
): Promise<void> {
  if (model === undefined) return;
  const content = questionMessage({ facts, question, language: vscode.env.language });
  try {
    stream.progress(vscode.l10n.t('Asking {0}', model.name));
    const { text } = await model.sendRequest([vscode.LanguageModelChatMessage.User(content)], {}, token);
    stream.markdown(
      `\n\n---\n\n${vscode.l10n.t('In the words of {0}, from the facts above:', model.name)}\n\n`,
    );
    for await (const part of text) stream.markdown(part);
  } catch (error) {
    if (error instanceof vscode.CancellationError || token.isCancellationRequested) return;
    log.warn(`@annsmith: ${model.name}: ${errorLine(error)}`);
    stream.markdown(
      `\n\n${vscode.l10n.t('{0} did not answer ({1}); what is above is what the ledger says.', model.name, errorLine(error))}`,
    );
  }
}
