/** Where OpenAI-compatible models are asked. */
export interface Endpoint {
  /** Up to and with `/v1`. */
  readonly baseUrl: string;
  /** Scheme, host and port, which keys and consent are bound to. */
  readonly origin: string;
  readonly from: 'setting' | 'environment' | 'default';
  /** On this machine: it may need no key, and nothing leaves the machine. */
  readonly isLocal: boolean;
}

const openAi = 'https://api.openai.com/v1';

/**
 * The endpoint of the setting, else of the variable `OPENAI_BASE_URL`, else OpenAI's. Undefined where what is set is no
 * address of http or https: nothing may be sent anywhere else instead.
 */
export function endpointOf(setting: string | null, variable: string | undefined): Endpoint | undefined {
  const [baseUrl, from] =
    setting !== null && setting !== ''
      ? [setting, 'setting' as const]
      : variable !== undefined && variable.trim() !== ''
        ? [variable.trim(), 'environment' as const]
        : [openAi, 'default' as const];
  if (!URL.canParse(baseUrl)) return undefined;
  const { protocol, origin, hostname } = new URL(baseUrl);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return { baseUrl, origin, from, isLocal: isLoopback(hostname) };
}

function isLoopback(hostname: string): boolean {
  // As the server has it, which asks for no leave there.
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
