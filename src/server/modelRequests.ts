import { contrastivePrompt, promptAsText } from '../engine/contrastivePrompt.ts';
import { UserError } from '../engine/errors.ts';
import { type ModelAccess, openModel } from '../engine/openPolicy.ts';
import { parsePolicies } from '../engine/policy/model/modelSpec.ts';
import { defaultBaseUrl } from '../engine/policy/model/openAiOptions.ts';
import { previewPrompt } from '../engine/promptPreview.ts';
import { proposePatch } from '../engine/proposal.ts';
import type { ModelTest } from '../protocol/engine.ts';
import type { ModelSettings } from '../protocol/model.ts';
import { askEditor, createEditorModel } from './editorModel.ts';
import type { JobContext } from './jobs.ts';
import type { Handlers } from './requests.ts';
import type { Session } from './session.ts';

const seed = 1;

/** How a job of the server reaches models: with the editor's settings, its consent, and its own models. */
export function jobModelAccess(
  { connection }: Session,
  settings: ModelSettings,
  { services, signal }: JobContext,
): ModelAccess {
  return {
    settings,
    environment: environmentFor(settings.baseUrl),
    clock: services.clock,
    consent: async ({ root, endpoint, model, files }) => {
      const { allowed } = await askEditor(
        connection,
        'annsmith/consent',
        { root, endpoint, model, files: [...files] },
        signal,
      );
      return allowed;
    },
    onLine: (line) => services.logger.info(line),
    editorModel: (model) => createEditorModel(connection, model),
  };
}

/**
 * The environment, without its key, headers and organization where those are another endpoint's: the setting may have
 * changed since the start.
 */
function environmentFor(baseUrl: string | null): NodeJS.ProcessEnv {
  const {
    OPENAI_API_KEY: _key,
    OPENAI_CUSTOM_HEADERS: _headers,
    OPENAI_ORG_ID: _id,
    ...others
  } = process.env;
  const origin = (url: string): string | undefined => URL.parse(url)?.origin;
  const started = process.env['OPENAI_BASE_URL']?.trim() || defaultBaseUrl;
  return baseUrl === null || origin(baseUrl) === origin(started) ? process.env : others;
}

/** Prompts, proposals and tests of models. */
export function modelHandlers(
  session: Session,
): Pick<Handlers, 'annsmith/prompt' | 'annsmith/propose' | 'annsmith/testModel'> {
  const { jobs, roots } = session;
  return {
    'annsmith/prompt': ({ job, root, module, dataset, model }, token) =>
      jobs.run({ job, kind: 'measuring', root }, token, async ({ services, signal }) => {
        const prompt = await previewPrompt(
          { root, module, dataset: dataset ?? undefined, seed, build: contrastivePrompt(model) },
          { services, signal, syntax: await session.syntax() },
        );
        await session.reread(roots.of(root));
        return { prompt, text: promptAsText(prompt) };
      }),
    'annsmith/propose': ({ job, root, module, text, dataset }, token) =>
      jobs.run({ job, kind: 'measuring', root }, token, async ({ services, signal }) => {
        const onRun = (run: string): void => session.send({ kind: 'run', job, root, run });
        return proposePatch(
          { root, module, text, dataset, onRun },
          { services, signal, syntax: await session.syntax() },
        );
      }),
    'annsmith/testModel': ({ job, policy, model }, token) =>
      jobs.run({ job, kind: 'other' }, token, (context) =>
        testModel(policy, jobModelAccess(session, model, context), context),
      ),
  };
}

const question = 'Which data structure does HNSW stand for? Answer in one short sentence.';

async function testModel(
  policy: string,
  access: ModelAccess,
  { services, signal }: JobContext,
): Promise<ModelTest> {
  const spec = parsePolicies(policy).find(({ kind }) => kind !== 'playbook');
  if (spec === undefined) {
    throw new UserError('no-such-policy', `${policy} asks no model`, 'Choose a model in the Policy view.');
  }
  const client = openModel(spec, access);
  const begin = services.clock.monotonic();
  const request = {
    messages: [{ role: 'user', content: question } as const],
    n: 1,
    temperature: access.settings.temperature,
    seed,
    maxTokens: 256,
  };
  for await (const { text, usage } of client.complete(request, { signal })) {
    const seconds = (services.clock.monotonic() - begin) / 1000;
    const { id, endpoint, dropped } = client;
    return { id, endpoint, text, seconds, usage, dropped };
  }
  throw new UserError('model-answer', `${client.id} gave no answer`, 'Try again, or choose another model.');
}
