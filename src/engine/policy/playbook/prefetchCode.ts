import type { Node } from 'web-tree-sitter';
import { method, readClass } from './cppClass.ts';
import { withTrailingComments } from './cppEdit.ts';
import { callsIn, enclosing, unwrapTemplate } from './cppNodes.ts';
import { declined, withRole } from './editRole.ts';
import type { RewriteParameter, RewriteSource } from './rewrite.ts';

/** How rows are requested before they are compared. */
export interface Prefetch {
  /** Cache lines per row. */
  readonly depth: number;
  /** Rows ahead of the one being compared. */
  readonly lookahead: number;
  /** Cache level, 1 or 2. */
  readonly level: number;
}

/** How rows are requested when the lookahead follows their length. */
export type AdaptivePrefetch = Omit<Prefetch, 'lookahead'> & {
  /** Cache lines that the rows requested ahead make up. */
  readonly inFlight: number;
};

export const prefetchParameters: readonly RewriteParameter[] = [
  {
    name: 'depth',
    values: [4, 8, 16, 64],
    meaning: 'cache lines of 64 bytes prefetched per row, at most the whole row',
  },
  { name: 'lookahead', values: [1, 2, 4, 8], meaning: 'rows prefetched ahead of the one being compared' },
  { name: 'level', values: [1, 2], meaning: 'cache level that rows are prefetched into' },
];

export function readPrefetch({
  depth = 64,
  lookahead = 2,
  level = 2,
}: Readonly<Record<string, number>>): Prefetch {
  return { depth, lookahead, level };
}

export interface RowAccess {
  readonly kind: 'access';
  /** The distance's method that gives the address of what it will read for an id. */
  readonly row: string;
  /** Its method that gives the length of that in bytes, where there is one. */
  readonly bytes: string | undefined;
}

/** How the distance role shows the memory it will read. */
export function rowAccess(source: RewriteSource): RowAccess | ReturnType<typeof declined> {
  return withRole(source, 'distance', (site): RowAccess | ReturnType<typeof declined> => {
    const type = readClass(unwrapTemplate(site.node));
    const row = type && method(type, 'row');
    if (!type || row?.parameters.length !== 1) {
      return declined('the distance has no method `row(id)` that gives the address of what it will read');
    }
    return { kind: 'access', row: row.name, bytes: method(type, 'rowbytes')?.name };
  });
}

/** Declares, at the top of a function, `prefetch_row(id)` and how many rows ahead it is to be called: see `aheadName`. */
export function prefetchPreamble(
  distance: string,
  idType: string,
  access: RowAccess,
  prefetch: Prefetch | AdaptivePrefetch,
): string {
  const { depth, level } = prefetch;
  const limit = access.bytes ? `std::min(kPrefetchBytes, ${distance}.${access.bytes}())` : 'kPrefetchBytes';
  const cause =
    level === 1
      ? '// Rows are read at random, so each is requested some rows before its turn.'
      : `// Rows are read at random, so each is requested some rows before its turn, into the second
// cache level: it has more requests in flight than the first.`;
  // The locality of GCC and Clang: 3 fetches into the first cache level, 2 into the second.
  const constants = withTrailingComments([
    ['constexpr std::size_t kLineBytes = 64;'],
    [`constexpr std::size_t kPrefetchBytes = ${depth} * kLineBytes;`],
    'lookahead' in prefetch
      ? [`constexpr std::size_t kPrefetchAhead = ${prefetch.lookahead};`, 'rows']
      : [`constexpr std::size_t kLinesInFlight = ${prefetch.inFlight};`, 'of the rows ahead'],
    [`constexpr int kPrefetchLocality = ${level === 1 ? 3 : 2};`, `cache level ${level}`],
  ]);
  return `${cause}
${constants}
const std::size_t prefetch_bytes = ${limit};${'lookahead' in prefetch ? '' : rowsAhead}
const auto prefetch_row = [&](${idType} id) {
  const auto* row = reinterpret_cast<const char*>(${distance}.${access.row}(id));
  for (std::size_t at = 0; at < prefetch_bytes; at += kLineBytes) {
    __builtin_prefetch(row + at, 0, kPrefetchLocality);
  }
};`;
}

/** The memory that a loop reads through a function that gives the address of a vector. */
export interface AddressedRows {
  /** `row(id)` gives the address. */
  readonly row: string;
  /** An expression for the length of a vector in bytes. */
  readonly bytes: string;
  readonly idType: string;
  /** Type in which neighbours are counted. */
  readonly countType: string;
  /** The macro under which the file prefetches by `_mm_prefetch`; without one the compiler's builtin is used. */
  readonly guard: string | undefined;
}

/** The macro around the file's own `_mm_prefetch`. */
export function prefetchGuard(root: Node): string | undefined {
  const call = callsIn(root).find(({ name }) => name === '_mm_prefetch');
  const block = call && enclosing(call.node, ['preproc_ifdef']);
  return block?.childForFieldName('name')?.text;
}

/** Declares `prefetch_ahead` and a function `prefetch_data(id)`, for code that names its locals so. */
export function addressedPreamble(rows: AddressedRows, { depth, lookahead, level }: Prefetch): string {
  const { row, bytes, idType, countType, guard } = rows;
  const request = guard
    ? `#ifdef ${guard}\n    _mm_prefetch(line, ${level === 1 ? '_MM_HINT_T0' : '_MM_HINT_T1'});\n#endif`
    : `    __builtin_prefetch(line, 0, ${level === 1 ? 3 : 2});`;
  return `// Vectors are read at random, so each is requested some neighbours before its turn.
const ${countType} prefetch_ahead = ${lookahead};
const size_t prefetch_bytes = std::min<size_t>(${depth} * 64, ${bytes});  // cache lines of 64 bytes
const auto prefetch_data = [&](${idType} id) {
  const char *line = (const char *) ${row}(id);
  for (const char *end = line + prefetch_bytes; line < end; line += 64) {
${request}
  }
};`;
}

const rowsAhead = `
// Of short rows more are requested ahead than of long ones.
const std::size_t row_lines = (prefetch_bytes + kLineBytes - 1) / kLineBytes;
const std::size_t prefetch_ahead = std::max<std::size_t>(1, kLinesInFlight / row_lines);`;

/** The name that `prefetchPreamble` gives to how many rows ahead it is to be called. */
export function aheadName(prefetch: Prefetch | AdaptivePrefetch): string {
  return 'lookahead' in prefetch ? 'kPrefetchAhead' : 'prefetch_ahead';
}

export function prefetchNote(prefetch: Prefetch | AdaptivePrefetch): string {
  const ahead = 'lookahead' in prefetch ? prefetch.lookahead : `${prefetch.inFlight} lines`;
  return `prefetches up to ${prefetch.depth} lines of each row, ${ahead} ahead, into L${prefetch.level}`;
}
