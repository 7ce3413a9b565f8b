import type { Memento } from 'vscode';
import * as z from 'zod';

const key = 'annsmith.consents';
const consentSchema = z.object({ root: z.string(), endpoint: z.string() });
const consentsSchema = z.array(consentSchema).catch([]);

/** Leave to send the code of a folder to an endpoint. */
export type Consent = z.infer<typeof consentSchema>;

/** What the user has allowed in this workspace, until it is withdrawn. */
export class Consents {
  readonly #memento: Pick<Memento, 'get' | 'update'>;

  constructor(memento: Pick<Memento, 'get' | 'update'>) {
    this.#memento = memento;
  }

  get all(): readonly Consent[] {
    return consentsSchema.parse(this.#memento.get<unknown>(key));
  }

  has({ root, endpoint }: Consent): boolean {
    return this.all.some((known) => known.root === root && known.endpoint === endpoint);
  }

  async give({ root, endpoint }: Consent): Promise<void> {
    if (!this.has({ root, endpoint })) await this.#memento.update(key, [...this.all, { root, endpoint }]);
  }

  async withdraw(consents: readonly Consent[]): Promise<void> {
    const gone = (known: Consent): boolean =>
      consents.some(({ root, endpoint }) => known.root === root && known.endpoint === endpoint);
    await this.#memento.update(
      key,
      this.all.filter((known) => !gone(known)),
    );
  }
}
