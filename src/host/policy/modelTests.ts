import type { Memento } from 'vscode';
import * as z from 'zod';

const storageKey = 'annsmith.modelTests';
/** More are not kept. */
const most = 20;

const testSchema = z.object({
  policy: z.string(),
  endpoint: z.string(),
  at: z.string(),
  outcome: z.discriminatedUnion('ok', [
    z.object({
      ok: z.literal(true),
      text: z.string(),
      seconds: z.number(),
      dropped: z.array(z.string()).readonly(),
    }),
    z.object({ ok: z.literal(false), error: z.string() }),
  ]),
});
const testsSchema = z.array(testSchema).catch([]);

/** What came of asking a model whether it answers. */
export type LastTest = z.infer<typeof testSchema>;

/** The last test of each model at each endpoint, in this workspace. */
export class ModelTests {
  readonly #memento: Pick<Memento, 'get' | 'update'>;

  constructor(memento: Pick<Memento, 'get' | 'update'>) {
    this.#memento = memento;
  }

  /** `endpoint` is an origin, or `vscode.lm/VENDOR`. */
  last(policy: string, endpoint: string): LastTest | undefined {
    return this.#all.find((test) => test.policy === policy && test.endpoint === endpoint);
  }

  async record(test: LastTest): Promise<void> {
    const others = this.#all.filter(
      ({ policy, endpoint }) => policy !== test.policy || endpoint !== test.endpoint,
    );
    await this.#memento.update(storageKey, [test, ...others].slice(0, most));
  }

  get #all(): readonly LastTest[] {
    return testsSchema.parse(this.#memento.get<unknown>(storageKey));
  }
}
