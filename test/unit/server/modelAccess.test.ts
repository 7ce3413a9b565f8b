/** How the server reaches language models: what each of them counts as, and what of the environment it is given. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from 'vscode-languageserver/node';
import { isLoopback } from '../../../src/engine/policy/model/environment.ts';
import { editorEndpoint } from '../../../src/host/policy/consentText.ts';
import type { ModelSettings } from '../../../src/protocol/model.ts';
import { createEditorModel } from '../../../src/server/editorModel.ts';
import type { JobContext } from '../../../src/server/jobs.ts';
import { jobModelAccess } from '../../../src/server/modelRequests.ts';
import type { Session } from '../../../src/server/session.ts';

/** Nothing is sent before the model is asked. */
const connection = {} as Connection;

describe('a model of the editor', () => {
  it('has the endpoint of its vendor, which leave to send code is asked for', () => {
    const [one, sibling, other] = ['copilot/gpt-5', 'copilot/o4/mini', 'ollama/gpt-5'].map(
      (model) => createEditorModel(connection, model).endpoint,
    );
    expect(one).toBe('vscode.lm/copilot');
    expect(sibling).toBe(one);
    expect(other).toBe('vscode.lm/ollama');
    expect(one, 'as the editor knows it').toBe(editorEndpoint('copilot'));
  });

  it('is not on this machine, whatever its vendor is called', () => {
    for (const vendor of ['localhost', '127.0.0.1', 'http:'])
      expect(isLoopback(createEditorModel(connection, `${vendor}/m`).endpoint)).toBe(false);
  });
});

describe('the environment that a job reaches models with', () => {
  const secrets = {
    OPENAI_API_KEY: 'sk-canary',
    OPENAI_CUSTOM_HEADERS: 'X-Gateway: canary',
    OPENAI_ORG_ID: 'org-canary',
  };
  afterEach(() => vi.unstubAllEnvs());

  /** Of a server that was started with `started`, for a job whose setting is `baseUrl`. */
  const environment = (started: string | undefined, baseUrl: string | null) => {
    for (const [name, value] of Object.entries(secrets)) vi.stubEnv(name, value);
    vi.stubEnv('OPENAI_BASE_URL', started);
    vi.stubEnv('ANNSMITH_OTHER', 'kept');
    const settings = { baseUrl } as ModelSettings;
    const job = { services: {}, signal: new AbortController().signal } as JobContext;
    return jobModelAccess({ connection } as Session, settings, job).environment;
  };

  it.each([
    ['https://a.example/v1', null],
    ['https://a.example/v1', 'https://a.example/v1/'],
    [undefined, null],
    [undefined, 'https://api.openai.com/v1'],
  ])('has what is of the endpoint %s where the setting is %s', (started, baseUrl) => {
    expect(environment(started, baseUrl)).toMatchObject({ ...secrets, ANNSMITH_OTHER: 'kept' });
  });

  it.each([
    ['https://a.example/v1', 'https://b.example/v1'],
    ['https://a.example/v1', 'http://a.example/v1'],
    ['https://a.example/v1', 'no address'],
    [undefined, 'https://b.example/v1'],
  ])('has nothing that is of the endpoint %s where the setting is %s', (started, baseUrl) => {
    const given = environment(started, baseUrl);
    expect(given).toMatchObject({ ANNSMITH_OTHER: 'kept' });
    expect(JSON.stringify(given)).not.toContain('canary');
  });
});
