import type { Connection } from 'vscode-languageserver/node';
import { URI } from 'vscode-uri';
import * as z from 'zod';

/** What the server reads of the section `annsmith`; each falls back to its default where it is not what it should be. */
const settingsSchema = z.object({
  codeLens: z.object({ enabled: z.boolean().catch(true) }).catch({ enabled: true }),
  benchmarkOnSave: z.boolean().catch(false),
  benchmarkSeconds: z.number().min(1).max(3600).catch(20),
  /** Empty: the manifest's first. */
  dataset: z.string().catch(''),
});

export type ServerSettings = z.infer<typeof settingsSchema>;

const defaults = settingsSchema.parse({});

/** The client's settings by folder, asked for once until they change. */
export class Settings {
  readonly #connection: Connection;
  readonly #known = new Map<string, Promise<ServerSettings>>();
  /** Set where the client can be asked. */
  supported = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  forget(): void {
    this.#known.clear();
  }

  of(root: string): Promise<ServerSettings> {
    if (!this.supported) return Promise.resolve(defaults);
    const known = this.#known.get(root);
    if (known !== undefined) return known;
    const scopeUri = URI.file(root).toString();
    const asked = this.#connection.workspace
      .getConfiguration({ scopeUri, section: 'annsmith' })
      .then((value: unknown) => settingsSchema.catch(defaults).parse(value ?? {}))
      // The client is leaving, or it does not answer such requests after all.
      .catch(() => defaults);
    this.#known.set(root, asked);
    return asked;
  }
}
