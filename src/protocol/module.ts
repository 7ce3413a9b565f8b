/** The three parts of an HNSW implementation that are optimized one at a time (CRINN, section "modular optimization"). */
export const moduleNames = ['construction', 'search', 'refinement'] as const;
export type ModuleName = (typeof moduleNames)[number];

/** What the playbook's rewrites bind to; the manifest maps each role to a symbol of the workspace. */
export const roleNames = [
  'distance',
  'neighbourLoop',
  'visitedSet',
  'candidatePool',
  'entryPoint',
  'neighbourSelection',
  'storage',
] as const;
export type RoleName = (typeof roleNames)[number];

/** A symbol in a workspace file: `file` relative to the workspace root with `/`, `symbol` as written in C++ (`Class::member`). */
export interface SymbolRef {
  readonly file: string;
  readonly symbol: string;
}

/** A located region: byte offsets are UTF-16 indices into the file's text, lines are 1-based and inclusive. */
export interface Region extends SymbolRef {
  readonly kind: 'function' | 'type' | 'member' | 'includes';
  readonly start: number;
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
  /** SHA-256 (hex) of the region's text. */
  readonly hash: string;
}
