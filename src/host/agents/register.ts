import * as vscode from 'vscode';
import type { FeatureContext } from '../feature.ts';
import { agentTools, chatParticipant } from './ids.ts';
import type { Prepared } from './prepare.ts';
import type { BenchmarkInput, ListInput, ProposeInput, ResultsInput } from './tools.ts';

/** Tools for agents and `@annsmith` in the chat, where the editor has them. What they do is loaded when it is asked for. */
export function registerAgents(context: FeatureContext): vscode.Disposable {
  return vscode.Disposable.from(...registerTools(context), ...registerChat(context));
}

interface Tool<T> {
  readonly prepare: (input: T) => Promise<Prepared>;
  readonly work: (input: T, token: vscode.CancellationToken) => Promise<string>;
}

function registerTools(context: FeatureContext): vscode.Disposable[] {
  // Older editors and forks have no tools.
  const lm = vscode.lm as Partial<typeof vscode.lm> | undefined;
  if (lm?.registerTool === undefined) return [];
  const add = <T extends object>(name: string, { prepare, work }: Tool<T>): vscode.Disposable =>
    vscode.lm.registerTool<T>(name, {
      prepareInvocation: async ({ input }) => {
        const { invocation, confirmation } = await prepare(input);
        return {
          invocationMessage: invocation,
          ...(confirmation === undefined
            ? {}
            : {
                confirmationMessages: {
                  title: confirmation.title,
                  message: new vscode.MarkdownString(confirmation.message),
                },
              }),
        };
      },
      invoke: async ({ input }, token) => {
        const { answerTool } = await import('./tools.ts');
        return answerTool(context, name, () => work(input, token));
      },
    });
  const tools = () => import('./tools.ts').then(({ toolWork }) => toolWork);
  const texts = () => import('./prepare.ts');
  return [
    add<ListInput>(agentTools.listModules, {
      prepare: async () => (await texts()).prepareListModules(vscode.l10n),
      work: async (input) => (await tools()).listModules(context, input),
    }),
    add<BenchmarkInput>(agentTools.benchmark, {
      prepare: async (input) => (await texts()).prepareBenchmark(input, vscode.l10n),
      work: async (input, token) => (await tools()).benchmark(context, input, token),
    }),
    add<ProposeInput>(agentTools.proposePatch, {
      prepare: async (input) => (await texts()).prepareProposePatch(input, vscode.l10n),
      work: async (input, token) => (await tools()).proposePatch(context, input, token),
    }),
    add<ResultsInput>(agentTools.showResults, {
      prepare: async () => (await texts()).prepareShowResults(vscode.l10n),
      work: async (input) => (await tools()).showResults(context, input),
    }),
  ];
}

function registerChat(context: FeatureContext): vscode.Disposable[] {
  const chat = vscode.chat as Partial<typeof vscode.chat> | undefined;
  if (chat?.createChatParticipant === undefined) return [];
  const participant = vscode.chat.createChatParticipant(
    chatParticipant,
    async (request, _history, stream, token) => {
      const { answerChat } = await import('./chat.ts');
      await answerChat(context, request, stream, token);
    },
  );
  participant.iconPath = vscode.Uri.joinPath(context.extension.extensionUri, 'media', 'icon.png');
  return [participant];
}
