import type { APIError } from 'openai';
import { askedWait } from './backOff.ts';
import type { PassedLimit } from './deadline.ts';

/** How a request failed. Texts are the server's or the library's: scrub them before anybody reads them. */
export type Failure =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly text: string;
      /** The parameter that the server names. */
      readonly parameter: string | undefined;
      readonly code: string | undefined;
      /** Milliseconds that the server asks to wait. */
      readonly wait: number | null;
      /** What the server says itself about another attempt. */
      readonly again: boolean | undefined;
    }
  | { readonly kind: 'connection'; readonly code: string; readonly text: string }
  | { readonly kind: 'timeout'; readonly limit: PassedLimit }
  /** An answer that is none. */
  | { readonly kind: 'garbage'; readonly text: string };

/** Failures of the connection that another attempt does not mend. */
const permanent =
  /^(ECONNREFUSED|ENOTFOUND|ERR_INVALID_|UND_ERR_INVALID|CERT_|ERR_TLS_|ERR_SSL_|.*_CERT|.*SIGNATURE$)/;

export function mayPass(failure: Failure): boolean {
  if (failure.kind === 'connection') return !permanent.test(failure.code);
  if (failure.kind !== 'status') return true;
  if (failure.code === 'insufficient_quota') return false;
  if (failure.again !== undefined) return failure.again;
  const { status } = failure;
  return status === 408 || status === 409 || status === 429 || (status >= 500 && status !== 501);
}

/** `now`: milliseconds since the epoch. */
export function failureOf(error: unknown, now: number): Failure {
  if (!isAnswered(error)) return connectionFailure(error);
  const { headers } = error;
  const again = headers.get('x-should-retry');
  return {
    kind: 'status',
    status: error.status ?? statusInStream(error.code),
    text: error.message,
    parameter: error.param ?? undefined,
    code: error.code === null || error.code === undefined ? error.type : String(error.code),
    wait: askedWait(headers, now),
    again: again === 'true' ? true : again === 'false' ? false : undefined,
  };
}

/** An error of the library with a response behind it; told by its shape, as the library is loaded late. */
function isAnswered(error: unknown): error is APIError<number | undefined, Headers> {
  return error instanceof Error && 'headers' in error && error.headers instanceof Headers;
}

/** An error that comes inside a stream has no status of its own; some servers write it as the code. */
function statusInStream(code: unknown): number {
  const status = Number(code);
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : 500;
}

function connectionFailure(error: unknown): Failure {
  if (error instanceof SyntaxError) return { kind: 'garbage', text: error.message };
  let text = 'the connection broke off';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    text = cause.message || text;
    const { code } = cause as { readonly code?: unknown };
    if (typeof code === 'string') return { kind: 'connection', code, text };
  }
  return { kind: 'connection', code: '', text };
}
