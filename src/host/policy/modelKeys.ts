import * as vscode from 'vscode';
import * as z from 'zod';

const prefix = 'annsmith.modelKey:';
/** Origins that have a key, so that nobody waits for the secret storage where there is none. */
const originsKey = 'annsmith.modelKeyOrigins';
const originsSchema = z.array(z.string()).catch([]);

type Storage = Pick<vscode.ExtensionContext, 'secrets' | 'globalState'>;

/** Keys of model endpoints, one per origin, in the editor's secret storage and nowhere else. */
export class ModelKeys implements vscode.Disposable {
  readonly #storage: Storage;
  readonly #onChange = new vscode.EventEmitter<string>();
  /** The origin whose key was set or removed, in this window or another. */
  readonly onChange = this.#onChange.event;
  readonly #subscription: vscode.Disposable;
  readonly #origins: Set<string>;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#origins = new Set(originsSchema.parse(storage.globalState.get<unknown>(originsKey)));
    this.#subscription = storage.secrets.onDidChange(({ key }) => {
      if (key.startsWith(prefix)) void this.#changed(key.slice(prefix.length));
    });
  }

  /** Origins with a key. */
  get origins(): readonly string[] {
    return [...this.#origins].sort();
  }

  has(origin: string): boolean {
    return this.#origins.has(origin);
  }

  async get(origin: string): Promise<string | undefined> {
    return this.has(origin) ? await this.#storage.secrets.get(prefix + origin) : undefined;
  }

  async set(origin: string, key: string): Promise<void> {
    await this.#remember(origin, true);
    await this.#storage.secrets.store(prefix + origin, key);
  }

  async remove(origin: string): Promise<void> {
    await this.#storage.secrets.delete(prefix + origin);
    await this.#remember(origin, false);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#onChange.dispose();
  }

  async #changed(origin: string): Promise<void> {
    const has = (await this.#storage.secrets.get(prefix + origin)) !== undefined;
    await this.#remember(origin, has);
    this.#onChange.fire(origin);
  }

  async #remember(origin: string, has: boolean): Promise<void> {
    if (this.#origins.has(origin) === has) return;
    if (has) this.#origins.add(origin);
    else this.#origins.delete(origin);
    await this.#storage.globalState.update(originsKey, this.origins);
  }
}
