import { endpointOf } from '../policy/endpoint.ts';

export interface ServerSettings {
  /** Empty: `$CXX`, else the first that is found. */
  readonly compiler: string;
  /** Empty: `$ANNSMITH_CACHE`, else the system's. */
  readonly cacheFolder: string;
}

/** What language models need of the environment. */
export interface ModelEnvironment {
  /** Of the settings. Undefined: `OPENAI_BASE_URL` of the editor's environment, else the default. */
  readonly baseUrl: string | undefined;
  /** Of the endpoint in use and of no other, from the editor's secret storage. */
  readonly apiKey: string | undefined;
}

/** Variables that hold keys, by the customary parts of their names. */
const secretName = /(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH)(_|$)/i;
/** Sent with every request, and may hold keys as well: of the endpoint of the same environment and of no other. */
const endpointNames = ['OPENAI_CUSTOM_HEADERS', 'OPENAI_ORG_ID'];
/** What the editor sets for processes of its own. */
const editorName = /^(VSCODE_|ELECTRON_|APPLICATION_INSIGHTS_|CHROME_)|^NODE_OPTIONS$/;

/** The environment of the engine server: that of the editor without its own variables and keys, with the model's key. */
export function serverEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  settings: ServerSettings & { readonly nativeFolder: string },
  models: ModelEnvironment,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !secretName.test(name) && !editorName.test(name)) environment[name] = value;
  }
  // The editor's own executable is the runtime, and is plain Node only with this.
  environment['ELECTRON_RUN_AS_NODE'] = '1';
  if (settings.compiler !== '') environment['CXX'] = settings.compiler;
  if (settings.cacheFolder !== '') environment['ANNSMITH_CACHE'] = settings.cacheFolder;
  environment['ANNSMITH_NATIVE_DIR'] = settings.nativeFolder;
  if (models.baseUrl !== undefined) {
    const origin = endpointOf(null, base['OPENAI_BASE_URL'])?.origin;
    if (endpointOf(models.baseUrl, undefined)?.origin !== origin)
      for (const name of endpointNames) delete environment[name];
    environment['OPENAI_BASE_URL'] = models.baseUrl;
  }
  // The only way a key takes to the server: arguments can be read by others, and files stay.
  if (models.apiKey !== undefined) environment['OPENAI_API_KEY'] = models.apiKey;
  return environment;
}
