import * as z from 'zod';

/** Shapes of the harness: one supervisor process holds a process pair, side a (reference) and side b (candidate). */

export type SideName = 'a' | 'b';

export const harnessFailureSchema = z.object({
  stage: z.string(),
  reason: z.string(),
  detail: z.string(),
  side: z.enum(['a', 'b']).optional(),
});

/** A command that did not succeed, as data. The side it names is closed; the supervisor lives on unless it `exited`. */
export interface HarnessFailure {
  /** What was being done: load, create, build, import, prepare, export, search, data, protocol. */
  readonly stage: string;
  /**
   * crash, timeout, memory, status, abi, graph, threads, exited, io, usage, clock, syscall, processes, lazy, memorised.
   */
  readonly reason: string;
  /** For a person: the signal's name, the library's last error text, the file. */
  readonly detail: string;
  readonly side?: SideName | undefined;
}

export type HarnessResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: HarnessFailure };

/** An index to load: a shared library behind the C ABI and what it is created with. */
export interface Side {
  readonly library: string;
  /** Parameters of annsmith_create: at least M, efConstruction and seed. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly mode: 'build' | 'import';
  /** The graph file to import; required in import mode. */
  readonly graph?: string;
  /** The only folder that the side's processes may write to. */
  readonly scratch: string;
  readonly memoryBytes?: number;
  readonly cpuSeconds?: number;
  readonly openTimeoutMs?: number;
}

const count = z.number().int().min(0);
const seconds = z.number().min(0);

const violationsSchema = z.object({
  status: count,
  missing: count,
  outOfRange: count,
  duplicate: count,
  unsorted: count,
  falseDistance: count,
  notFinite: count,
  /** Timed queries whose answer was another when nothing was timed. */
  changed: count,
});
export type Violations = z.infer<typeof violationsSchema>;

export const helloSchema = z.object({
  version: z.literal(1),
  abi: z.number().int(),
  pid: z.number().int(),
  cpu: z.object({
    model: z.string(),
    isa: z.array(z.string()),
    cores: z.number().int(),
    llcBytes: z.number(),
  }),
  fork: z.boolean(),
  pinned: z.object({ supervisor: z.number().int(), search: z.number().int() }),
  /** 0 where the kernel has none. */
  landlockAbi: count,
});
export type HarnessHello = z.infer<typeof helloSchema>;

export const dataSchema = z.object({ n: count, dim: count, queries: count, truthK: count });
export type DataReply = z.infer<typeof dataSchema>;

export const openSchema = z.object({
  side: z.enum(['a', 'b']),
  buildWallSeconds: seconds,
  buildCpuSeconds: seconds,
  prepareWallSeconds: seconds,
  /** All that is not the build: loading, creating, importing, annsmith_prepare(). */
  prepareCpuSeconds: seconds,
  /** Of it, loading and creating alone. */
  loadCpuSeconds: seconds,
  /** Neither running nor waiting for a core, where one thread works. */
  asleepSeconds: seconds,
  memoryBytes: count,
  /** Resident memory that no file backs: the index without the mapped base vectors. */
  anonymousBytes: count,
  rssBytes: count,
  peakRssBytes: count,
  hugePageBytes: count,
  threads: count,
  processes: count,
  lockdown: z.record(z.string(), z.union([z.boolean(), z.number()])),
  exported: z.object({ lists: count, edges: count }).optional(),
});
export type OpenReply = z.infer<typeof openSchema>;

export const answerSchema = z.object({
  queries: count,
  recall: z.number().min(0).max(1),
  /** One byte per row in row order: neighbours counted, 0..k. */
  hits: z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
  secondsPerQuery: seconds,
  /** Median over single queries, hand-over included; absent where the pass was not audited (see answer_audit.h). */
  singleSeconds: seconds.optional(),
  /** Over all ids. */
  answersHash: z.string(),
  /** Over all distances, which tied points share. */
  distancesHash: z.string(),
  violations: violationsSchema,
  firstViolation: z
    .object({
      kind: z.string(),
      row: count,
      id: z.number(),
      given: z.number().nullable(),
      expected: z.number().nullable(),
    })
    .partial()
    .loose()
    .optional(),
  threads: count,
  rssBefore: count,
  rssAfter: count,
});
export type AnswerReply = z.infer<typeof answerSchema>;

export const roundSchema = z.object({
  pairs: z
    .array(
      z.object({ first: z.enum(['a', 'b']), a: z.number().positive(), b: z.number().positive().optional() }),
    )
    .min(1),
  chunk: count,
  recallA: z.number(),
  recallB: z.number().optional(),
  violationsA: violationsSchema,
  violationsB: violationsSchema.optional(),
  hugePagesA: count,
  hugePagesB: count.optional(),
});
export type RoundReply = z.infer<typeof roundSchema>;

export const latencySchema = z.object({
  queries: count,
  p50: seconds,
  p95: seconds,
  p99: seconds,
  mean: seconds,
});
export type LatencyReply = z.infer<typeof latencySchema>;

export const throughputSchema = z.object({
  threads: z.number().int().positive(),
  /** Answered by all threads together in `seconds` from their common start to the end of the last. */
  queries: count,
  seconds: z.number().positive(),
  qps: z.number().positive(),
  recall: z.number().min(0).max(1),
  violations: violationsSchema,
});
export type ThroughputReply = z.infer<typeof throughputSchema>;

export const overheadSchema = z.object({
  pairs: z.array(z.object({ supervised: z.number().positive(), bare: z.number().positive() })).min(1),
});
export type OverheadReply = z.infer<typeof overheadSchema>;

export const memorySchema = z.object({
  memoryBytes: count,
  anonymousBytes: count,
  rssBytes: count,
  hugePageBytes: count,
});
export type MemoryReply = z.infer<typeof memorySchema>;
