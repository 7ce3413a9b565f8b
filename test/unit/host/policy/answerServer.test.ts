import { describe, expect, it } from 'vitest';
import type { CancellationToken } from 'vscode';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { answerServer, type ServerAnswers } from '../../../../src/host/policy/answerServer.ts';
import { Refusal } from '../../../../src/host/policy/refusal.ts';
import { engineErrorCode } from '../../../../src/protocol/engine.ts';

const token = { isCancellationRequested: false } as CancellationToken;

function listening(changes: Partial<ServerAnswers>) {
  const handlers = new Map<string, (params: unknown, token: CancellationToken) => Promise<unknown>>();
  const client = {
    onRequest: (method: string, handler: (params: unknown, token: CancellationToken) => Promise<unknown>) => {
      handlers.set(method, handler);
      return { dispose: () => undefined };
    },
  };
  const answers: ServerAnswers = {
    'annsmith/sample': async () => ({ completions: [], promptTokens: null }),
    'annsmith/consent': async ({ files }) => ({ allowed: files.length === 1 }),
    ...changes,
  };
  answerServer(client, answers, ResponseError);
  return (method: string, params: unknown): Promise<unknown> => handlers.get(method)!(params, token);
}

describe('requests of the server', () => {
  const consent = { root: '/w', endpoint: 'https://a.example', model: 'm', files: ['a.h'] };

  it('are answered', async () => {
    const ask = listening({});
    expect(await ask('annsmith/consent', consent)).toEqual({ allowed: true });
    expect(await ask('annsmith/consent', { ...consent, files: [] })).toEqual({ allowed: false });
  });

  it('are refused where they are not as agreed', async () => {
    const wrong = listening({})('annsmith/consent', { ...consent, files: 'a.h' });
    await expect(wrong).rejects.toMatchObject({ code: ErrorCodes.InvalidParams });
  });

  it('hand over what the user can put right, in the form that the other direction has', async () => {
    const refuse = async (): Promise<never> => {
      throw new Refusal('model-blocked', 'quota', 'Wait.');
    };
    const sample = { model: 'a/b', messages: [], n: 1, temperature: 1, maxTokens: 10 };
    const asked = listening({ 'annsmith/sample': refuse })('annsmith/sample', sample);
    await expect(asked).rejects.toBeInstanceOf(ResponseError);
    await expect(asked).rejects.toMatchObject({
      code: engineErrorCode,
      message: 'quota',
      data: { code: 'model-blocked', fix: 'Wait.' },
    });
  });

  it('leave bugs as they are', async () => {
    const bug = new Error('bug');
    const asked = listening({ 'annsmith/consent': () => Promise.reject(bug) })('annsmith/consent', consent);
    await expect(asked).rejects.toBe(bug);
  });
});
