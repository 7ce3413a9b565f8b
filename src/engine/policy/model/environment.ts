import http from 'node:http';
import { defaultBaseUrl } from './openAiOptions.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The part of a client's options that the environment gives. */
export interface EndpointOptions {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly organization: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_ORG_ID and OPENAI_CUSTOM_HEADERS (lines of `Name: value`), the names
 * that OpenAI's own libraries read.
 */
export function endpointOfEnvironment(env: Environment): EndpointOptions {
  const value = (name: string): string | undefined => env[name]?.trim() || undefined;
  return {
    baseUrl: value('OPENAI_BASE_URL') ?? defaultBaseUrl,
    apiKey: value('OPENAI_API_KEY'),
    organization: value('OPENAI_ORG_ID'),
    headers: parseHeaders(value('OPENAI_CUSTOM_HEADERS') ?? ''),
  };
}

function parseHeaders(text: string): Record<string, string> {
  const lines = text.split('\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const] : [];
  });
  return Object.fromEntries(lines);
}

/** Origins of this machine that no proxy is asked for, whatever NO_PROXY says. */
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Whether what is sent to the endpoint (an origin) stays on this machine, so that nobody need agree to it. */
export function isLoopback(endpoint: string): boolean {
  return loopback.includes(URL.parse(endpoint)?.hostname ?? '');
}

/**
 * Sends this process's requests through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or their lower-case forms)
 * name, as Node does by itself only where NODE_USE_ENV_PROXY is set when it starts. Uses Node's own
 * `http.setGlobalProxyFromEnv` (since 24.14; an older Node stays as it is). Call once per process; returns what undoes it.
 */
export function useProxyOf(env: Environment): () => void {
  const value = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined;
  const https = value('HTTPS_PROXY');
  const plain = value('HTTP_PROXY');
  const set: typeof http.setGlobalProxyFromEnv | undefined = http.setGlobalProxyFromEnv;
  if ((https === undefined && plain === undefined) || set === undefined) return () => undefined;
  return set({
    ...(https === undefined ? {} : { https_proxy: https }),
    ...(plain === undefined ? {} : { http_proxy: plain }),
    no_proxy: [value('NO_PROXY') ?? [], loopback].flat().join(','),
  });
}
