import { setTimeout as wait } from 'node:timers/promises';
import { type CancellationToken, ErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { Interrupted } from '../engine/errors.ts';
import type { Logger, Progress, Services } from '../engine/ports.ts';
import { createProcessRunner } from '../engine/processRunner.ts';
import type { EngineEvent, LogLevel } from '../protocol/engine.ts';

export interface JobContext {
  readonly services: Services;
  readonly signal: AbortSignal;
}

/** `measuring`: what a background benchmark must not disturb. */
export type JobKind = 'measuring' | 'other';

/** What a job is, besides its work. */
export interface JobFacts {
  readonly job: string;
  readonly kind: JobKind;
  /** The workspace whose ledger it writes. */
  readonly root?: string;
}

interface Job extends JobFacts {
  readonly controller: AbortController;
  readonly done: Promise<unknown>;
}

/** Progress within a stage is sent at most this often. */
const progressIntervalMs = 100;

/** Long pieces of work, each with its own cancellation, progress and log. */
export class Jobs {
  readonly #send: (event: EngineEvent) => void;
  readonly #logger: Logger;
  readonly #jobs = new Map<string, Job>();
  /** Called whenever a job of a workspace reports something, and when it has ended. */
  onActivity: ((root: string) => void) | undefined;
  /** Called before a job that measures starts, and when the last of them has ended. */
  beforeMeasuring: (() => Promise<void>) | undefined;
  afterMeasuring: (() => void) | undefined;

  constructor(send: (event: EngineEvent) => void, logger: Logger) {
    this.#send = send;
    this.#logger = logger;
  }

  get measuring(): boolean {
    return [...this.#jobs.values()].some(({ kind }) => kind === 'measuring');
  }

  /** Services for work that is too short to be a job. */
  get services(): Services {
    return this.#services(this.#logger, () => undefined);
  }

  async run<T>(
    facts: JobFacts,
    token: CancellationToken,
    work: (context: JobContext) => Promise<T>,
  ): Promise<T> {
    const { job, kind } = facts;
    if (this.#jobs.has(job)) {
      throw new ResponseError(ErrorCodes.InvalidParams, `job: there is a job ${job} already`);
    }
    const controller = new AbortController();
    const { signal } = controller;
    const cancelled = token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    const services = this.#services(this.#loggerOf(facts), this.#progressOf(facts));
    const begin = async (): Promise<T> => {
      if (kind === 'measuring') await this.beforeMeasuring?.();
      signal.throwIfAborted();
      return work({ services, signal });
    };
    // Not before the job is known by its name.
    const done = Promise.resolve().then(begin);
    this.#jobs.set(job, { ...facts, controller, done });
    try {
      return await done;
    } finally {
      cancelled.dispose();
      this.#jobs.delete(job);
      this.#heard(facts);
      if (kind === 'measuring' && !this.measuring) this.afterMeasuring?.();
    }
  }

  #heard({ root }: JobFacts): void {
    if (root !== undefined) this.onActivity?.(root);
  }

  /** Cuts off everything, for a process that is leaving; resolves when it has ended, or after `graceMs`. */
  async interrupt(graceMs: number): Promise<void> {
    const jobs = [...this.#jobs.values()];
    for (const { controller } of jobs) controller.abort(new Interrupted());
    const timer = new AbortController();
    const late = wait(graceMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(jobs.map(({ done }) => done)), late]);
    timer.abort();
  }

  #services(logger: Logger, progress: (event: Progress) => void): Services {
    return {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      processes: createProcessRunner(),
      logger,
      reporter: { progress },
    };
  }

  /** A stage's first message at once; of those that follow quickly the last one. */
  #progressOf(facts: JobFacts): (event: Progress) => void {
    const { job } = facts;
    let stage: string | undefined;
    let sentAt = 0;
    let waiting: Progress | undefined;
    const send = (event: Progress): void => {
      stage = event.stage;
      sentAt = performance.now();
      waiting = undefined;
      this.#send({ kind: 'progress', job, ...event });
      this.#heard(facts);
    };
    return (event) => {
      const due = event.stage === stage ? sentAt + progressIntervalMs - performance.now() : 0;
      if (due <= 0) send(event);
      else {
        if (waiting === undefined) {
          setTimeout(() => {
            if (waiting !== undefined && this.#jobs.has(job)) send(waiting);
          }, due).unref();
        }
        waiting = event;
      }
    };
  }

  #loggerOf(facts: JobFacts): Logger {
    const at =
      (level: LogLevel) =>
      (message: string): void => {
        this.#send({ kind: 'log', job: facts.job, level, message });
        this.#logger[level](message);
        this.#heard(facts);
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}
