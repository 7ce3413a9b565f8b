/** The same story with a language model: its answers are recorded, everything else is real. */
import { expect } from 'vitest';
import { startModelServer } from '../modelServer/modelServer.ts';
import { recorded } from '../modelServer/recorded.ts';
import { longWait, tellStory } from './tellStory.ts';

const policy = 'openai:test-model';

tellStory('the story with a model', {
  policy,
  pictures: 'model-',
  begin: async () => {
    const search = await recorded('good-batched', 'wrong', 'not-compiling', 'good-visited', 'good-visited');
    const server = await startModelServer({ completions: { search } });
    // Not a loopback name, although it leads here: leave is asked for as for any other machine.
    const baseUrl = server.baseUrl.replace('127.0.0.1', '0.0.0.0');
    return {
      settings: {
        'annsmith.policy': policy,
        'annsmith.model.baseUrl': baseUrl,
        'annsmith.groupSize': 4,
      },
      end: () => server.close(),
    };
  },
  // A second question would stand in the way of every step after.
  answer: async (window) => {
    const dialog = window.workbench.page.locator('.monaco-dialog-box');
    await dialog.waitFor({ timeout: longWait });
    const question = await dialog.innerText();
    expect(question).toContain('0.0.0.0');
    expect(question).toContain('include/hnsw/search.h');
    await window.picture('model-3-consent');
    await dialog.getByRole('button', { name: 'Allow' }).click();
    await dialog.waitFor({ state: 'detached' });
  },
});
