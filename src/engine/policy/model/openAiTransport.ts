import type OpenAI from 'openai';
import { endpointOfEnvironment } from './environment.ts';
import type { OpenAiOptions } from './openAiOptions.ts';

/** Error bodies are pages at times. Characters. */
const longestErrorBody = 20_000;

/**
 * The library's client, with everything that it would take from the environment set or switched off: what is sent is
 * what the options say. It makes no retries and writes no log: both are the caller's.
 */
export async function openTransport(options: OpenAiOptions, url: URL, total: number): Promise<OpenAI> {
  // Loading it takes a sixth of a second: only those wait who ask a model.
  const { OpenAI } = await import('openai');
  const { apiKey } = options;
  return new OpenAI({
    baseURL: `${url.origin}${url.pathname}`.replace(/\/+$/, ''),
    defaultQuery: Object.fromEntries(url.searchParams),
    // It wants one; without a key the header that would carry it is left out.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: options.organization ?? null,
    project: null,
    webhookSecret: null,
    defaultHeaders: headersOf(options),
    maxRetries: 0,
    timeout: total,
    logLevel: 'off',
    fetch: readableErrors(options.fetch ?? fetch),
  });
}

/**
 * By lower-case name; null: not sent. The library adds the lines of OPENAI_CUSTOM_HEADERS by itself, to whatever endpoint:
 * those that the options do not repeat are taken out again.
 */
function headersOf({ apiKey, headers }: OpenAiOptions): Record<string, string | null> {
  const merged: Record<string, string | null> = {};
  for (const name of Object.keys(endpointOfEnvironment(process.env).headers))
    merged[name.toLowerCase()] = null;
  merged['authorization'] = apiKey === undefined ? null : `Bearer ${apiKey}`;
  for (const [name, value] of Object.entries(headers ?? {})) merged[name.toLowerCase()] = value;
  return merged;
}

/**
 * Two changes to `fetch`. A redirect is not followed: the code in a prompt goes to the endpoint that the user agreed to
 * and nowhere else. And the body of an error gets the shape that the library reads, as servers have several.
 */
function readableErrors(send: typeof fetch): typeof fetch {
  return async (url, init) => {
    const response = await send(url, { ...init, redirect: 'manual' });
    if (response.ok) return response;
    const text = (await response.text()).slice(0, longestErrorBody);
    const headers = new Headers(response.headers);
    for (const name of ['content-length', 'content-encoding']) headers.delete(name);
    headers.set('content-type', 'application/json');
    const body = JSON.stringify({ error: errorFields(text, response.statusText) });
    return new Response(body, { status: response.status, headers });
  };
}

function errorFields(text: string, statusText: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { message: text.trim() || statusText || 'no reason given' };
  }
  const { error } = (body ?? {}) as { readonly error?: unknown };
  if (typeof error === 'string') return { message: error };
  if (typeof error === 'object' && error !== null && 'message' in error) return error;
  const { message } = (body ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? body : { message: text };
}
