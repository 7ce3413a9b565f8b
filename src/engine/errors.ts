/**
 * Something the user can put right: bad input, a missing tool, an unreachable source. `message` names the file and the
 * field, `fix` says what to do next. Anything else that is thrown is a bug.
 */
export class UserError extends Error {
  readonly code: string;
  readonly fix: string;

  constructor(code: string, message: string, fix: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'UserError';
    this.code = code;
    this.fix = fix;
  }
}

/**
 * Reason of an abort that nobody asked for: the process that hosts the work is leaving. A run that is ended by it is not
 * cancelled but unfinished, to be gone on with.
 */
export class Interrupted extends Error {
  constructor() {
    super('the engine is stopping');
    this.name = 'AbortError';
  }
}

/** The work was cancelled by its AbortSignal. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The text of an error for logs and records. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A full disk, or a used-up quota, as what the user can put right; any other error as it is. */
export function withDiskFull(error: unknown, where?: string): unknown {
  const { code, dest, path } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly dest?: string;
    readonly path?: string;
  };
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(where ?? dest ?? path, error) : error;
}

export function diskFull(where?: string, cause?: unknown): UserError {
  return new UserError(
    'disk-full',
    `${where === undefined ? '' : `${where}: `}no space left on the disk`,
    'Free some space; what was finished stays, and `annsmith runs resume RUN` goes on from there.',
    cause,
  );
}
