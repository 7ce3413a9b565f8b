import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../../src/host/policy/refusal.ts';
import { type ChatModel, sample, type Turn } from '../../../../src/host/policy/sample.ts';
import { plain } from '../core/plain.ts';

const params = {
  model: 'copilot/org/gpt-5',
  messages: [
    { role: 'system' as const, content: 'rules' },
    { role: 'user' as const, content: 'code' },
    { role: 'assistant' as const, content: 'draft' },
    { role: 'user' as const, content: 'again' },
  ],
  n: 3,
  temperature: 0.7,
  maxTokens: 100,
};

/** What a model does when it is asked for the nth time, from 0: pieces to stream, and what it then throws. */
type Script = (n: number) => { readonly pieces: readonly string[]; readonly error?: unknown };

function modelOf(script: Script, changes: Partial<ChatModel> = {}) {
  const asked: { readonly turns: readonly Turn[]; readonly options: Readonly<Record<string, unknown>> }[] =
    [];
  const open = { now: 0, most: 0 };
  const model: ChatModel = {
    send: async (turns, options) => {
      const { pieces, error } = script(asked.push({ turns, options }) - 1);
      if (pieces.length === 0 && error !== undefined) throw error;
      return (async function* () {
        open.most = Math.max(open.most, ++open.now);
        for (const piece of pieces) {
          await Promise.resolve();
          yield piece;
        }
        open.now -= 1;
        if (error !== undefined) throw error;
      })();
    },
    countTokens: async (text) => text.length,
    ...changes,
  };
  return { model, asked, open };
}

const run = (model: ChatModel | undefined, changes: object = {}, isCancelled = () => false) =>
  sample({ ...params, ...changes }, { find: async () => model, isCancelled, l10n: plain });

const languageModelError = (code: string, message: string, cause?: Error) =>
  Object.assign(new Error(message, { cause }), { code });

async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Refusal);
  return error as Refusal;
}

describe('completions of a model of the editor', () => {
  it('are as many as are asked for, each whole, with its tokens', async () => {
    const { model, asked } = modelOf((n) => ({ pieces: ['answer ', String(n)] }));
    const { completions, promptTokens } = await run(model);
    expect(completions.map(({ text }) => text).sort()).toEqual(['answer 0', 'answer 1', 'answer 2']);
    expect(completions.every(({ finish, tokens }) => finish === 'stop' && tokens === 8)).toBe(true);
    expect(promptTokens).toBe('rulescodedraftagain'.length);
    expect(asked[0]!.options).toEqual({ temperature: 0.7, max_tokens: 100 });
  });

  it('come from the vendor before the first slash', async () => {
    const named: string[] = [];
    const { model } = modelOf(() => ({ pieces: ['x'] }));
    const find = async (vendor: string, family: string) => {
      named.push(vendor, family);
      return model;
    };
    await sample(params, { find, isCancelled: () => false, l10n: plain });
    expect(named).toEqual(['copilot', 'org/gpt-5']);
  });

  it('are asked for without system messages, which become the first of the user', async () => {
    const { model, asked } = modelOf(() => ({ pieces: ['x'] }));
    await run(model, { n: 1 });
    expect(asked[0]!.turns.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: rules',
      'user: code',
      'assistant: draft',
      'user: again',
    ]);
  });

  it('are asked for one at first, then at most four beside each other', async () => {
    const first = Promise.withResolvers<void>();
    const { model, asked, open } = modelOf(() => ({ pieces: ['a', 'b', 'c'] }));
    const slow: ChatModel = {
      ...model,
      send: async (turns, options) => {
        if (asked.length === 0) await first.promise;
        return model.send(turns, options);
      },
    };
    const work = run(slow, { n: 10 });
    expect(asked).toHaveLength(0);
    first.resolve();
    expect((await work).completions).toHaveLength(10);
    expect(open.most).toBe(4);
  });

  it('keep what came before the stream broke, and say when they are full', async () => {
    const { model } = modelOf((n) =>
      n === 0 ? { pieces: ['half'], error: new Error('reset') } : { pieces: ['z'.repeat(100)] },
    );
    const { completions } = await run(model, { n: 2 });
    expect(completions.map(({ finish }) => finish)).toEqual(['cut', 'length']);
  });

  it('are fewer where some fail', async () => {
    const { model } = modelOf((n) =>
      n === 1 ? { pieces: [], error: new Error('busy') } : { pieces: ['x'] },
    );
    expect((await run(model)).completions).toHaveLength(2);
  });

  it('have no count of tokens where the model does not count', async () => {
    const countTokens = async () => {
      throw new Error('cannot');
    };
    const { model } = modelOf(() => ({ pieces: ['x'] }), { countTokens });
    const { completions, promptTokens } = await run(model, { n: 1 });
    expect([completions[0]!.tokens, promptTokens]).toEqual([null, null]);
  });
});

describe('a model of the editor that gives none', () => {
  it('is not offered', async () => {
    const error = await refusal(run(undefined));
    expect(error).toMatchObject({ code: 'model-not-found' });
    expect(error.message).toContain('copilot/org/gpt-5');
    expect(error.fix).toContain('Choose Policy');
  });

  it.each([
    ['NotFound', 'model-not-found'],
    ['NoPermissions', 'model-no-permission'],
    ['Blocked', 'model-blocked'],
    ['Unknown', 'model-failed'],
  ])('says why: %s', async (code, expected) => {
    const { model, asked } = modelOf(() => ({ pieces: [], error: languageModelError(code, 'because') }));
    const error = await refusal(run(model));
    expect(error.code).toBe(expected);
    expect(error.fix).not.toBe('');
    expect(asked, 'asked once').toHaveLength(1);
  });

  it('says what the provider said', async () => {
    const cause = new Error('the service is overloaded');
    const { model } = modelOf(() => ({ pieces: [], error: languageModelError('Unknown', '', cause) }));
    expect((await refusal(run(model))).message).toContain('the service is overloaded');
  });

  it('is no refusal once cancelled', async () => {
    const stopped = new Error('Canceled');
    const { model } = modelOf(() => ({ pieces: [], error: stopped }));
    await expect(run(model, {}, () => true)).rejects.toBe(stopped);
  });
});
