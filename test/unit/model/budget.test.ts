import { afterEach, describe, expect, it } from 'vitest';
import { ModelBudget, withBudget } from '../../../src/engine/policy/model/budget.ts';
import type { ModelServerOptions } from '../../modelServer/behaviour.ts';
import { type ModelServer, startModelServer } from '../../modelServer/modelServer.ts';
import { ask, clientOf, request, StillTime } from './support.ts';

const servers: ModelServer[] = [];

async function serve(options: ModelServerOptions = {}): Promise<ModelServer> {
  const server = await startModelServer({ completions: { search: ['one fish two fish'] }, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const clock = { now: () => 0, monotonic: () => 0 };
/** The prompt has 13 tokens by estimate and the answer 5; the server counts 8 and 4. */
const price = { prompt: 1000, completion: 10_000 };

describe('a budget for models', () => {
  it('counts what was used and refuses the request that would pass it', async () => {
    const server = await serve();
    const budget = new ModelBudget({ tokens: 30 }, { clock });
    const client = withBudget(clientOf(server, new StillTime()), budget);
    const first = await ask(client, request());
    expect(first.error).toBeUndefined();
    expect(budget.spent).toEqual({ promptTokens: 8, completionTokens: 4, requests: 1, cost: null });

    // 12 are spent, and the prompt is about 13: that fits, and its answer too.
    expect((await ask(client, request())).error).toBeUndefined();
    // 24 and 13 do not fit.
    const third = await ask(client, request());
    expect(third.completions).toEqual([]);
    expect(third.error).toMatchObject({
      code: 'model-budget',
      message: expect.stringContaining('24 of 30 tokens'),
      fix: expect.stringContaining('--model-tokens'),
    });
    expect(server.requests).toHaveLength(2);
  });

  it('counts the prompt once for every request of a server without n, and stops before one too many', async () => {
    const server = await serve({ n: 'refused' });
    // The prompt has 13 tokens by estimate: two of them fit, whatever is under way at once.
    const budget = new ModelBudget({ tokens: 30 }, { clock });
    const { error } = await ask(withBudget(clientOf(server, new StillTime()), budget), request(8));
    expect(error).toMatchObject({ code: 'model-budget' });
    // The first asked for all eight at once and was refused.
    expect(server.requests.length - 1).toBeLessThanOrEqual(3);
    const { promptTokens, completionTokens } = budget.spent;
    expect(promptTokens + completionTokens).toBeGreaterThan(0);
  });

  it('cuts off a stream that passes it, and counts what was streamed', async () => {
    const text = 'a word '.repeat(400);
    const server = await serve({
      completions: { search: [text] },
      script: [{ kind: 'stall', after: 'text' }],
    });
    const budget = new ModelBudget({ tokens: 18 }, { clock });
    const { completions, error } = await ask(
      withBudget(clientOf(server, new StillTime()), budget),
      request(),
    );
    expect(completions).toEqual([]);
    expect(error).toMatchObject({ code: 'model-budget' });
    expect(await server.requests[0]!.closed).toBe('gone');
    expect(budget.spent.promptTokens).toBe(13);
    expect(budget.spent.completionTokens).toBeGreaterThan(5);
    expect(budget.reached()).toMatchObject({ code: 'model-budget' });
  });

  it('holds a limit of money', async () => {
    const server = await serve();
    const budget = new ModelBudget({ cost: 0.065 }, { clock });
    const client = withBudget(clientOf(server, new StillTime(), { price }), budget, price);
    expect((await ask(client, request())).error).toBeUndefined();
    expect(budget.spent.cost).toBeCloseTo((8 * 1000 + 4 * 10_000) / 1e6);
    expect((await ask(client, request())).error).toMatchObject({
      code: 'model-budget',
      message: expect.stringContaining('$0.0480 of $0.065'),
      fix: expect.stringContaining('--model-cost'),
    });
  });

  it('refuses a limit of money where the price is not known', async () => {
    const server = await serve();
    const budget = new ModelBudget({ cost: 1 }, { clock });
    expect(() => withBudget(clientOf(server, new StillTime()), budget)).toThrow(/price of openai:test-model/);
  });

  it('ends a request when the time of models is over; time between requests is free', async () => {
    const server = await serve({ script: [{ kind: 'answer' }, { kind: 'stall', after: 'text' }] });
    let milliseconds = 0;
    let timeIsOver = (): void => undefined;
    const waits: number[] = [];
    const budget = new ModelBudget(
      { seconds: 60 },
      {
        clock: { now: () => 0, monotonic: () => milliseconds },
        wait: (wait, signal) =>
          new Promise((resolve, reject) => {
            waits.push(wait);
            timeIsOver = resolve;
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
      },
    );
    const client = withBudget(clientOf(server, new StillTime()), budget);
    const onEvent = (): void => {
      milliseconds += 20_000;
      if (server.requests.length === 2) timeIsOver();
    };
    expect((await ask(client, request(), { onEvent })).error).toBeUndefined();
    expect(budget.seconds).toBe(20);
    milliseconds += 500_000;
    expect(budget.seconds).toBe(20);

    const { error } = await ask(client, request(), { onEvent });
    expect(error).toMatchObject({ code: 'model-budget', fix: expect.stringContaining('--model-seconds') });
    expect(waits).toEqual([60_000, 40_000]);
    expect(await server.requests[1]!.closed).toBe('gone');
  });

  it('goes on where a run had stopped', () => {
    const usage = { promptTokens: 90, completionTokens: 10, requests: 1, cost: null };
    const budget = new ModelBudget({ tokens: 100 }, { clock, spent: { usage, seconds: 5 } });
    expect(budget.seconds).toBe(5);
    expect(budget.reached()).toMatchObject({ code: 'model-budget' });
  });
});
