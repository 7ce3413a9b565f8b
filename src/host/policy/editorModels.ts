import * as vscode from 'vscode';
import type { ModelEnvironment } from '../engine/serverEnvironment.ts';
import type { ServerModels } from '../engine/serverModels.ts';
import { modelBaseUrl, onSettingChange } from '../settings.ts';
import type { ServerAnswers } from './answerServer.ts';
import { findModel } from './chatModels.ts';
import { ConsentDesk } from './consentDesk.ts';
import { Consents } from './consents.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { ModelKeys } from './modelKeys.ts';
import { type LastTest, ModelTests } from './modelTests.ts';
import { sample } from './sample.ts';

/** Language models as this window knows them: endpoint, key, leave to send code, tests; and the server's way to them. */
export class EditorModels implements ServerModels, vscode.Disposable {
  readonly keys: ModelKeys;
  readonly answers: ServerAnswers;
  readonly #consents: Consents;
  readonly #tests: ModelTests;
  readonly #onChange = new vscode.EventEmitter<void>();
  readonly onChange = this.#onChange.event;
  readonly #onStart = new vscode.EventEmitter<void>();
  /** What the server is started with has changed. */
  readonly onStartChange = this.#onStart.event;
  readonly #subscriptions: vscode.Disposable;
  /** The origin whose key the server was given last. */
  #served: string | undefined;

  constructor(extension: vscode.ExtensionContext) {
    this.keys = new ModelKeys(extension);
    this.#consents = new Consents(extension.workspaceState);
    this.#tests = new ModelTests(extension.workspaceState);
    const desk = new ConsentDesk(this.#consents, () => this.#onChange.fire());
    this.answers = {
      'annsmith/sample': (params, token) =>
        sample(params, {
          find: (vendor, family) => findModel(vendor, family, token),
          isCancelled: () => token.isCancellationRequested,
          l10n: vscode.l10n,
        }),
      'annsmith/consent': (params, token) => desk.ask(params, token),
    };
    const started = (): void => {
      this.#onStart.fire();
      this.#onChange.fire();
    };
    this.#subscriptions = vscode.Disposable.from(
      this.#onChange,
      this.#onStart,
      this.keys,
      this.keys.onChange((origin) => (origin === this.endpoint?.origin ? started() : this.#onChange.fire())),
      onSettingChange('modelBaseUrl', started),
    );
  }

  /** Of OpenAI-compatible models; undefined where the setting or the variable is no address. */
  get endpoint(): Endpoint | undefined {
    return endpointOf(modelBaseUrl(), process.env['OPENAI_BASE_URL']);
  }

  /** The server that runs holds the key of another endpoint than the present one: it must not be asked for models. */
  get isServerStale(): boolean {
    return this.#served !== undefined && this.#served !== this.endpoint?.origin;
  }

  environment(): ModelEnvironment | Promise<ModelEnvironment> {
    const { endpoint } = this;
    const baseUrl = endpoint?.from === 'setting' ? endpoint.baseUrl : undefined;
    this.#served = undefined;
    if (endpoint === undefined || !this.keys.has(endpoint.origin)) return { baseUrl, apiKey: undefined };
    const { origin } = endpoint;
    return this.keys.get(origin).then((apiKey) => {
      if (apiKey !== undefined) this.#served = origin;
      return { baseUrl, apiKey };
    });
  }

  get consents(): Consents['all'] {
    return this.#consents.all;
  }

  async withdraw(consents: Consents['all']): Promise<void> {
    await this.#consents.withdraw(consents);
    this.#onChange.fire();
  }

  lastTest(policy: string, endpoint: string): LastTest | undefined {
    return this.#tests.last(policy, endpoint);
  }

  async recordTest(test: LastTest): Promise<void> {
    await this.#tests.record(test);
    this.#onChange.fire();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
