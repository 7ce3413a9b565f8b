import { method, readClass } from './cppClass.ts';
import { withTrailingComments } from './cppEdit.ts';
import { unwrapTemplate } from './cppNodes.ts';
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

/** Declares `kPrefetchAhead` and a function `prefetch_row(id)`, at the top of a function. */
export function prefetchPreamble(
  distance: string,
  idType: string,
  access: RowAccess,
  { depth, lookahead, level }: Prefetch,
): string {
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
    [`constexpr std::size_t kPrefetchAhead = ${lookahead};`, 'rows'],
    [`constexpr int kPrefetchLocality = ${level === 1 ? 3 : 2};`, `cache level ${level}`],
  ]);
  return `${cause}
${constants}
const std::size_t prefetch_bytes = ${limit};
const auto prefetch_row = [&](${idType} id) {
  const auto* row = reinterpret_cast<const char*>(${distance}.${access.row}(id));
  for (std::size_t at = 0; at < prefetch_bytes; at += kLineBytes) {
    __builtin_prefetch(row + at, 0, kPrefetchLocality);
  }
};`;
}

export function prefetchNote({ depth, lookahead, level }: Prefetch): string {
  return `prefetches up to ${depth} lines of each row, ${lookahead} ahead, into L${level}`;
}
