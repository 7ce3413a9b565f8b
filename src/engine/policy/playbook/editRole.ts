import type { Node } from 'web-tree-sitter';
import type { RoleName } from '../../../protocol/module.ts';
import { applyEdits, type Edit } from './cppEdit.ts';
import type { RewriteResult, RewriteSource } from './rewrite.ts';

/** The one definition that a role names, in its file. Its nodes live until the callback returns. */
export interface RoleSite {
  readonly file: string;
  readonly text: string;
  readonly root: Node;
  readonly node: Node;
}

export type SiteEdits =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[]; readonly note: string }
  | { readonly kind: 'declined'; readonly reason: string };

export function declined(reason: string): { readonly kind: 'declined'; readonly reason: string } {
  return { kind: 'declined', reason };
}

/** Finds a role's definition and lets `use` look at it; a missing role, file or symbol becomes a reason to decline. */
export function withRole<T>(
  source: RewriteSource,
  role: RoleName,
  use: (site: RoleSite) => T,
): T | { readonly kind: 'declined'; readonly reason: string } {
  const reference = source.manifest.roles[role];
  if (reference === undefined) return declined(`the manifest names no \`${role}\` role`);
  const text = source.files.get(reference.file);
  if (text === undefined) return declined(`${reference.file}, the file of role \`${role}\`, is not there`);
  const tree = source.syntax.parse(text);
  try {
    const nodes = source.syntax.find(tree, reference.symbol);
    const node = nodes[0];
    if (node === undefined || nodes.length > 1) {
      const count = nodes.length === 0 ? 'not defined' : 'defined more than once';
      return declined(`\`${reference.symbol}\` (role \`${role}\`) is ${count} in ${reference.file}`);
    }
    return use({ file: reference.file, text, root: tree.rootNode, node });
  } finally {
    tree.delete();
  }
}

/** Edits the file of one role. */
export function editRole(
  source: RewriteSource,
  role: RoleName,
  edit: (site: RoleSite) => SiteEdits,
): RewriteResult {
  return withRole(source, role, (site): RewriteResult => {
    const result = edit(site);
    if (result.kind === 'declined') return result;
    const files = new Map(source.files);
    files.set(site.file, applyEdits(site.text, result.edits));
    return { kind: 'edited', files, note: result.note };
  });
}

/** Whether the manifest lets candidates of the search module change this symbol of this file. */
export function isSearchRegion(
  { manifest }: RewriteSource,
  file: string,
  symbol: string | undefined,
): boolean {
  return (manifest.modules.search?.regions ?? []).some(
    (region) => region.file === file && region.symbol === symbol,
  );
}
