import { UserError } from '../../errors.ts';
import type { PassedLimit } from './deadline.ts';
import type { Failure } from './failure.ts';
import type { Scrubber } from './scrub.ts';

/** What was asked. */
export interface ModelTarget {
  readonly model: string;
  /** Origin. */
  readonly endpoint: string;
  readonly hasKey: boolean;
}

const silences: Readonly<Record<PassedLimit, string>> = {
  firstToken: 'sent nothing',
  stall: 'fell silent in the middle of its answer',
  total: 'did not finish its answer',
};

/** A failure as what the user can put right. Holds no cause: the library's errors carry headers. */
export function modelError(failure: Failure, target: ModelTarget, scrubber: Scrubber): UserError {
  const who = `${target.endpoint}, model ${target.model}`;
  if (failure.kind === 'timeout') {
    return new UserError(
      'model-timeout',
      `${who}: the server ${silences[failure.limit]} within the time limit`,
      'Try again later, choose a faster model, or ask for fewer completions at once.',
    );
  }
  if (failure.kind === 'garbage') {
    return new UserError(
      'model-answer',
      `${who}: the answer is no chat completion: ${scrubber.scrub(failure.text)}`,
      'Check that the base URL (OPENAI_BASE_URL) is that of an OpenAI-compatible API, usually ending in /v1.',
    );
  }
  if (failure.kind === 'connection') {
    const code = failure.code === '' ? '' : ` (${failure.code})`;
    return new UserError(
      'model-unreachable',
      `${who}: no connection${code}: ${scrubber.scrub(failure.text)}`,
      connectionFix(failure.code),
    );
  }
  const said = scrubber.scrub(failure.text);
  const [code, fix] = statusMeaning(failure, target.hasKey);
  return new UserError(code, `${who}: the server answered ${said}`, fix);
}

function connectionFix(code: string): string {
  if (/CERT|SIGNATURE|TLS|SSL/.test(code)) {
    return 'If the certificate is your company’s, name its file in NODE_EXTRA_CA_CERTS.';
  }
  return 'Check the base URL (OPENAI_BASE_URL), that the server runs, and HTTPS_PROXY / NO_PROXY behind a proxy.';
}

function statusMeaning(
  { status, code }: Extract<Failure, { kind: 'status' }>,
  hasKey: boolean,
): readonly [string, string] {
  if (status === 401 || status === 403) {
    return [
      'model-auth',
      hasKey
        ? 'Check that the key is valid for this endpoint and may use this model (OPENAI_API_KEY, or `Annsmith: Set Model API Key`).'
        : 'Set OPENAI_API_KEY, or use `Annsmith: Set Model API Key` in the editor.',
    ];
  }
  if (status === 404) {
    return [
      'model-not-found',
      'Check the name of the model, and that the base URL (OPENAI_BASE_URL) has the whole path, usually ending in /v1.',
    ];
  }
  if (status === 429) {
    return code === 'insufficient_quota'
      ? ['model-rate-limited', 'The account has no credit left: check its plan and billing.']
      : ['model-rate-limited', 'Wait, ask for smaller groups, or raise the rate limit of the account.'];
  }
  if (status >= 300 && status < 400) {
    return [
      'model-refused',
      'The server redirects; set the base URL (OPENAI_BASE_URL) to where it redirects to.',
    ];
  }
  if (status >= 500 && status !== 501) {
    return ['model-unreachable', 'The server has a problem of its own: try again later.'];
  }
  return ['model-refused', 'Read what the server says; another model or a smaller prompt may be needed.'];
}
