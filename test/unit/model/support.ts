import { createOpenAiClient } from '../../../src/engine/policy/model/openAiClient.ts';
import type { ModelTimeouts, OpenAiOptions, Wait } from '../../../src/engine/policy/model/openAiOptions.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import type { ModelClient, ModelCompletion, ModelEvent, ModelRequest } from '../../../src/protocol/model.ts';
import type { ModelServer } from '../../modelServer/modelServer.ts';

/** In no message, event, list or request body. */
export const canary = 'sk-canary-4f1d6a7be2c94';

/** So long that a back-off cannot be taken for one of them. */
const limits: ModelTimeouts = { firstToken: 1e9 + 1, stall: 1e9 + 2, total: 1e9 + 3 };

/** Time that stands still: back-offs are over at once and are written down, limits pass when the test says so. */
export class StillTime {
  /** Milliseconds of each back-off. */
  readonly backOffs: number[] = [];
  /** Back-offs last until they are aborted. */
  holdBackOffs = false;
  readonly #limits = new Map<number, () => void>();

  readonly wait: Wait = (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const aborted = (): void => reject(signal.reason as Error);
      if (signal.aborted) return aborted();
      signal.addEventListener('abort', aborted, { once: true });
      if (milliseconds >= 1e9 || milliseconds === 5000) this.#limits.set(milliseconds, resolve);
      else {
        this.backOffs.push(milliseconds);
        if (!this.holdBackOffs) resolve();
      }
    });

  pass(limit: keyof ModelTimeouts): void {
    this.#limits.get(limits[limit])!();
  }
}

export const now = Date.UTC(2026, 0, 1);

export function clientOf(
  server: Pick<ModelServer, 'baseUrl'>,
  time: StillTime,
  options: Partial<OpenAiOptions> = {},
): ModelClient {
  return createOpenAiClient({
    model: 'test-model',
    baseUrl: server.baseUrl,
    apiKey: canary,
    timeouts: limits,
    clock: { now: () => now, monotonic: () => 0 },
    random: seededRandom(1),
    wait: time.wait,
    ...options,
  });
}

export function request(n = 1, more: Partial<ModelRequest> = {}): ModelRequest {
  const content = 'Create an accelerated version of the search module.';
  return {
    messages: [{ role: 'user', content }],
    n,
    temperature: 0.8,
    seed: 11,
    maxTokens: 500,
    ...more,
  };
}

export interface Asked {
  readonly completions: readonly ModelCompletion[];
  readonly events: readonly ModelEvent[];
  readonly error: unknown;
}

/** Everything that comes of one request. */
export async function ask(
  client: ModelClient,
  wanted: ModelRequest,
  options: { readonly signal?: AbortSignal; readonly onEvent?: (event: ModelEvent) => void } = {},
): Promise<Asked> {
  const completions: ModelCompletion[] = [];
  const events: ModelEvent[] = [];
  let error: unknown;
  const onEvent = (event: ModelEvent): void => {
    // Of what is sent the server tells.
    if (event.kind === 'request') return;
    events.push(event);
    options.onEvent?.(event);
  };
  try {
    for await (const completion of client.complete(wanted, { ...options, onEvent }))
      completions.push(completion);
  } catch (thrown) {
    error = thrown;
  }
  return { completions, events, error };
}

/** The text of every event of completion `index`, put together. */
export function streamed(events: readonly ModelEvent[], index: number): string {
  return events.map((event) => (event.kind === 'text' && event.index === index ? event.text : '')).join('');
}
