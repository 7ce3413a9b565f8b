/** How the server reaches language models: what each of them counts as, and what of the environment it is given. */
import { describe, expect, it } from 'vitest';
import type { Connection } from 'vscode-languageserver/node';
import { isLoopback } from '../../../src/engine/policy/model/environment.ts';
import { editorEndpoint } from '../../../src/host/policy/consentText.ts';
import { createEditorModel } from '../../../src/server/editorModel.ts';

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
