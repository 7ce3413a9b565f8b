/** Something that the user can put right; `fix` says what to do next. */
export class EngineError extends Error {
  readonly code: string;
  readonly fix: string;

  constructor(message: string, code: string, fix: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
    this.fix = fix;
  }
}

/** The engine server is not running and is not to be started: Restricted Mode, an unfit version, or crash after crash. */
export class EngineUnavailable extends Error {
  readonly reason: 'untrusted' | 'version' | 'crashes' | 'disposed';

  constructor(message: string, reason: EngineUnavailable['reason']) {
    super(message);
    this.name = 'EngineUnavailable';
    this.reason = reason;
  }
}

/** The engine server ended before it had answered. */
export class EngineStopped extends Error {
  constructor(message = 'the engine server ended before it had answered') {
    super(message);
    this.name = 'EngineStopped';
  }
}
