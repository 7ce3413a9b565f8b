import type { z } from 'zod';
import type { PreparedDataset, RowRange } from '../protocol/dataset.ts';
import type { HarnessFailure, HarnessResult, Side, SideName } from '../protocol/harness.ts';
import * as harness from '../protocol/harness.ts';
import type { LineProcess, ProcessRunner } from './ports.ts';

type Value = string | number | undefined;

/** One round: both sides at one ef each, or one side alone. See `Comparison` for what becomes of it. */
export interface RoundRequest {
  readonly efA: number;
  readonly efB?: number;
  readonly k: number;
  /** Queries per timed chunk, chunk pairs (ABBA), untimed queries before each chunk and after the fork. */
  readonly chunk: number;
  readonly pairs: number;
  readonly lead: number;
  readonly warm: number;
  readonly rows: RowRange;
  readonly seed: number;
  /** Injected slow-down of a side: 0.02 spins for 2 % of each search's time. */
  readonly slowA?: number;
  readonly slowB?: number;
  readonly timeoutMs: number;
}

export interface AnswerRequest {
  readonly side: SideName;
  readonly ef: number;
  readonly k: number;
  readonly rows: RowRange;
  /** Seed of the order of the rows; 0 or absent: natural. */
  readonly order?: number;
  /** Rows answered first, untimed and uncounted. */
  readonly warm?: RowRange;
  readonly timeoutMs: number;
}

export interface LatencyRequest {
  readonly side: SideName;
  readonly ef: number;
  readonly k: number;
  readonly rows: RowRange;
  readonly seed: number;
  readonly warm: number;
  readonly timeoutMs: number;
}

/**
 * Queries per second with several threads at work, one forked process and one core for each. The rows are dealt
 * out evenly and every thread answers its share again and again, so an index that keeps results would gain.
 */
export interface ThroughputRequest {
  readonly side: SideName;
  readonly ef: number;
  readonly k: number;
  readonly rows: RowRange;
  readonly seed: number;
  /** At most the cores this process may use. */
  readonly threads: number;
  readonly minSeconds: number;
  readonly timeoutMs: number;
}

export interface OverheadRequest {
  readonly side: SideName;
  readonly ef: number;
  readonly k: number;
  readonly rows: RowRange;
  readonly chunk: number;
  readonly pairs: number;
  readonly seed: number;
  readonly timeoutMs: number;
}

export interface OpenOptions {
  readonly threads?: number;
  /** Where to write the graph after a build. */
  readonly export?: string;
  /** Index the first rows of the base only. */
  readonly rows?: number;
  /** What the library is built with; the host process is one built alike. */
  readonly sanitizer?: 'address' | 'thread';
  /** System calls that nothing that builds an index needs are fatal, not just refused; without a sanitizer only. */
  readonly strict?: boolean;
}

export interface HarnessOptions {
  readonly processes: ProcessRunner;
  readonly harnessPath: string;
  readonly signal?: AbortSignal | undefined;
  /** Another process holds the timing lock. */
  readonly onWaiting?: (() => void) | undefined;
}

/** Beyond the harness's own time-out: how long its reply may take before the whole tree is killed. */
const replyGraceMs = 10_000;
const shortTimeoutMs = 30_000;
/** How the `open` command says them. */
const sanitizerNumbers = { address: 1, thread: 2 } as const;
const defaultOpenTimeoutMs = 600_000;

/**
 * Client of one harness supervisor. One command at a time; every command has a time-out; a failure is data. Aborting
 * the signal kills the supervisor and every process below it; commands then reject with the signal's reason.
 */
export class HarnessClient {
  readonly #process: LineProcess;
  readonly #options: HarnessOptions;
  #nextId = 1;
  #dead: HarnessFailure | undefined;

  constructor(options: HarnessOptions) {
    options.signal?.throwIfAborted();
    this.#options = options;
    this.#process = options.processes.start(options.harnessPath, ['serve'], {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  hello(): Promise<HarnessResult<harness.HarnessHello>> {
    return this.#send('hello', {}, harness.helloSchema, shortTimeoutMs);
  }

  /** Holds the machine's timing lock until `quit`; waits for other holders without limit. */
  async lock(path: string): Promise<HarnessResult<undefined>> {
    return asVoid(await this.#send('lock', { path }, undefined, undefined));
  }

  data(dataset: PreparedDataset): Promise<HarnessResult<harness.DataReply>> {
    const { basePath, queryPath, truthPath, metric } = dataset;
    const files = { base: basePath, queries: queryPath, truth: truthPath, metric };
    return this.#send('data', files, harness.dataSchema, shortTimeoutMs);
  }

  open(name: SideName, side: Side, options: OpenOptions = {}): Promise<HarnessResult<harness.OpenReply>> {
    const timeoutMs = side.openTimeoutMs ?? defaultOpenTimeoutMs;
    const fields = {
      side: name,
      lib: side.library,
      params: JSON.stringify(side.params),
      mode: side.mode,
      graph: side.mode === 'import' ? side.graph : undefined,
      export: options.export,
      rows: options.rows,
      threads: options.threads ?? 1,
      scratch: side.scratch,
      memoryBytes: side.memoryBytes,
      cpuSeconds: side.cpuSeconds,
      sanitized: options.sanitizer && sanitizerNumbers[options.sanitizer],
      strict: options.strict === true ? 1 : undefined,
      timeoutMs,
    };
    return this.#send('open', fields, harness.openSchema, timeoutMs);
  }

  answer(request: AnswerRequest): Promise<HarnessResult<harness.AnswerReply>> {
    const { rows, warm, ...rest } = request;
    const fields = { ...rest, rows: range(rows), warm: warm && range(warm) };
    return this.#send('answer', fields, harness.answerSchema, request.timeoutMs);
  }

  round(request: RoundRequest): Promise<HarnessResult<harness.RoundReply>> {
    const alone = request.efB === undefined ? 'a' : undefined;
    const fields = { ...request, rows: range(request.rows), alone };
    return this.#send('round', fields, harness.roundSchema, request.timeoutMs);
  }

  latency(request: LatencyRequest): Promise<HarnessResult<harness.LatencyReply>> {
    const fields = { ...request, rows: range(request.rows) };
    return this.#send('latency', fields, harness.latencySchema, request.timeoutMs);
  }

  throughput(request: ThroughputRequest): Promise<HarnessResult<harness.ThroughputReply>> {
    const fields = { ...request, rows: range(request.rows) };
    return this.#send('throughput', fields, harness.throughputSchema, request.timeoutMs);
  }

  overhead(request: OverheadRequest): Promise<HarnessResult<harness.OverheadReply>> {
    const fields = { ...request, rows: range(request.rows) };
    return this.#send('overhead', fields, harness.overheadSchema, request.timeoutMs);
  }

  memory(side: SideName): Promise<HarnessResult<harness.MemoryReply>> {
    return this.#send('memory', { side }, harness.memorySchema, shortTimeoutMs);
  }

  async close(side: SideName): Promise<HarnessResult<undefined>> {
    return asVoid(await this.#send('close', { side }, undefined, shortTimeoutMs));
  }

  /** Ends the supervisor and all its processes; safe to call at any time, more than once. */
  async quit(): Promise<void> {
    this.#dead ??= { stage: 'protocol', reason: 'exited', detail: 'the harness was closed' };
    await this.#process.kill();
  }

  async #send<T>(
    verb: string,
    fields: Readonly<Record<string, Value>>,
    schema: z.ZodType<T> | undefined,
    timeoutMs: number | undefined,
  ): Promise<HarnessResult<T>> {
    this.#options.signal?.throwIfAborted();
    if (this.#dead !== undefined) return { ok: false, failure: this.#dead };
    const id = this.#nextId++;
    const all: Record<string, Value> = { id, ...fields };
    if (timeoutMs !== undefined) all.timeoutMs = Math.ceil(timeoutMs);
    const line = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
    this.#process.writeLine([verb, ...line].join(' '));

    const reply = await this.#reply(id, timeoutMs);
    this.#options.signal?.throwIfAborted();
    if ('failure' in reply) {
      this.#dead = reply.failure;
      await this.#process.kill();
      return { ok: false, failure: reply.failure };
    }
    if (reply.record.ok !== true) {
      const failure = harness.harnessFailureSchema.safeParse(reply.record);
      return failure.success
        ? { ok: false, failure: failure.data }
        : { ok: false, failure: protocolFailure(verb, failure.error) };
    }
    if (schema === undefined) return { ok: true, value: undefined as T };
    const value = schema.safeParse(reply.record);
    return value.success
      ? { ok: true, value: value.data }
      : { ok: false, failure: protocolFailure(verb, value.error) };
  }

  /** The reply with this id, or why none can come any more. */
  async #reply(
    id: number,
    timeoutMs: number | undefined,
  ): Promise<{ record: Record<string, unknown> } | { failure: HarnessFailure }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      if (timeoutMs !== undefined) timer = setTimeout(() => resolve('late'), timeoutMs + replyGraceMs);
    });
    try {
      for (;;) {
        const next = await Promise.race([this.#process.lines.next(), late]);
        if (next === 'late') {
          const detail = `the harness gave no reply within ${timeoutMs} ms`;
          return { failure: { stage: 'protocol', reason: 'timeout', detail } };
        }
        if (next.done === true) return { failure: await this.#exitFailure() };
        const record = parseRecord(next.value);
        if (record === undefined) {
          const detail = `the harness wrote a line that is not JSON: ${next.value.slice(0, 200)}`;
          return { failure: { stage: 'protocol', reason: 'io', detail } };
        }
        if (record.notice === 'waiting-for-lock') this.#options.onWaiting?.();
        else if (record.notice === undefined && record.id === id) return { record };
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #exitFailure(): Promise<HarnessFailure> {
    const { code, signal, stderr } = await this.#process.exited;
    const how = signal === null ? `with code ${code}` : `on ${signal}`;
    const detail = `the harness ended ${how}${stderr === '' ? '' : `: ${stderr.trim().slice(-1000)}`}`;
    return { stage: 'protocol', reason: 'exited', detail };
  }
}

function range(rows: RowRange): string {
  return `${rows.start}:${rows.count}`;
}

function asVoid(result: HarnessResult<unknown>): HarnessResult<undefined> {
  return result.ok ? { ok: true, value: undefined } : result;
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function protocolFailure(verb: string, error: z.ZodError): HarnessFailure {
  const issue = error.issues[0];
  const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
  return {
    stage: 'protocol',
    reason: 'io',
    detail: `the harness's reply to "${verb}" is malformed: ${where}`,
  };
}
