import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { ModelTest } from '../../protocol/engine.ts';
import { EngineError } from '../engine/errors.ts';
import { commands } from '../ids.ts';
import { errorLine, reportError } from '../reportError.ts';
import { runSettings } from '../settings.ts';
import { editorEndpoint } from './consentText.ts';
import { endpointOrTell, type PolicyContext, policyInUse, policyScope } from './policyContext.ts';
import { setKey } from './setKey.ts';
import { type PolicySpec, parsePolicies, policyId } from './spec.ts';

type ModelSpec = Exclude<PolicySpec, { readonly kind: 'playbook' }>;

/** Asks a model for one word, shows what came of it, and keeps that for the view. `policy`: else that of the settings. */
export async function testModel(context: PolicyContext, policy?: string): Promise<void> {
  const spec = await pickModel(policy ?? policyInUse(context), policy === undefined);
  if (spec === undefined) return;
  const endpoint = await endpointOf(spec, context);
  if (endpoint === undefined) return;
  if (spec.kind === 'openai' && context.models.isServerStale) {
    throw new Error(
      vscode.l10n.t('The endpoint was changed while a run is going on. Test the model once the run is over.'),
    );
  }
  const id = policyId(spec);
  const at = new Date().toISOString();
  try {
    const test = await ask(context, id);
    const { text, seconds, dropped } = test;
    const outcome = { ok: true, text, seconds, dropped: [...dropped] } as const;
    await context.models.recordTest({ policy: id, endpoint, at, outcome });
    void vscode.window.showInformationMessage(testText(test));
  } catch (error) {
    if (error instanceof vscode.CancellationError) return;
    const outcome = { ok: false, error: errorLine(error) } as const;
    await context.models.recordTest({ policy: id, endpoint, at, outcome });
    void offer(context, spec, error);
  }
}

async function ask(context: PolicyContext, policy: string): Promise<ModelTest> {
  const { model } = runSettings(policyScope(context));
  const title = vscode.l10n.t('Asking {0}', policy);
  return await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_, token) =>
      context.engine.request('annsmith/testModel', { job: `test-${randomUUID()}`, policy, model }, token),
  );
}

/** What is wrong is said with the way on: the key, for a model that needs one. */
async function offer(context: PolicyContext, spec: ModelSpec, error: unknown): Promise<void> {
  const key = vscode.l10n.t('Set Key');
  const ways = spec.kind === 'openai' && error instanceof EngineError ? [key] : [];
  if ((await reportError(context.log, error, ...ways)) === key) await setKey(context);
}

/** An origin, or `vscode.lm/VENDOR`. */
async function endpointOf(spec: ModelSpec, context: PolicyContext): Promise<string | undefined> {
  return spec.kind === 'vscode' ? editorEndpoint(spec.vendor) : (await endpointOrTell(context))?.origin;
}

async function pickModel(policy: string, mayAsk: boolean): Promise<ModelSpec | undefined> {
  const specs = (parsePolicies(policy) ?? []).filter((spec) => spec.kind !== 'playbook');
  const [first] = specs;
  if (first === undefined) {
    const choose = vscode.l10n.t('Choose Policy…');
    const none = vscode.l10n.t('The policy in use is no language model: there is nothing to test.');
    const answer = await vscode.window.showInformationMessage(none, choose);
    if (answer === choose) await vscode.commands.executeCommand(commands.choosePolicy);
    return undefined;
  }
  if (specs.length === 1 || !mayAsk) return first;
  const items = specs.map((spec) => ({ label: policyId(spec), spec }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Test which model?') }))
    ?.spec;
}

const longestAnswer = 80;

function testText({ id, text, seconds, dropped }: ModelTest): string {
  const line = text.trim().replace(/\s+/g, ' ');
  const answer = line.length > longestAnswer ? `${line.slice(0, longestAnswer)}…` : line;
  const said = vscode.l10n.t('{0} answered "{1}" in {2} s.', id, answer, seconds.toFixed(1));
  return dropped.length === 0
    ? said
    : `${said} ${vscode.l10n.t('It does not take: {0}.', dropped.join(', '))}`;
}
