import type { Node } from 'web-tree-sitter';
import { type CppClass, readClass } from '../cppClass.ts';
import { replaceNode } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { descendants, unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, isSearchRegion, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite, RewriteSource } from '../rewrite.ts';

/** Narrows the tags of the visited set to a byte each; the code that clears them when the counter wraps stays. */
export const byteVisitedTags: Rewrite = {
  id: 'byte-visited-tags',
  module: 'search',
  title: 'Tags of one byte in the visited set',
  cause: 'Tags of a byte take half the cache; clearing them once in 255 searches costs next to nothing.',
  parameters: [],
  conflictsWith: ['bitset-visited'],
  apply: (source) => editRole(source, 'visitedSet', (site) => narrowTags(site, source)),
};

const wide = /^(std::)?uint(16|32)_t$|^unsigned( short)?( int)?$|^unsigned short( int)?$/;

function narrowTags(site: RoleSite, source: RewriteSource): SiteEdits {
  const type = readClass(unwrapTemplate(site.node));
  if (!type) return declined('the visited set is not a class');
  const alias = tagAlias(site, type);
  if (!alias) return declined('the visited set names no type of 16 or 32 bits for its tags');
  const { name, target } = alias;
  if (!isInside(alias.node, type.node) && !isSearchRegion(source, site.file, name)) {
    return declined(`\`${name}\`, the type of the tags, is outside the regions of the search module`);
  }
  if (!startsAnew(type)) {
    return declined('the visited set does not clear its tags when their counter comes round to 0');
  }
  const standard = target.text.startsWith('unsigned') ? 'unsigned char' : target.text.replace(/\d+/, '8');
  const includes = standard.startsWith('std::') ? addSystemIncludes(site.root, site.text, ['cstdint']) : [];
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  return {
    kind: 'edits',
    edits: [...includes, replaceNode(target, standard)],
    note: `\`${name}\` is a byte, cleared once in 255 searches`,
  };
}

interface Alias {
  readonly name: string;
  readonly node: Node;
  /** The type it stands for. */
  readonly target: Node;
}

/** `using Tag = std::uint16_t;` or `typedef unsigned short Tag;` whose name the class uses. */
function tagAlias({ root }: RoleSite, type: CppClass): Alias | undefined {
  const aliases = descendants(
    root,
    (node) => node.type === 'alias_declaration' || node.type === 'type_definition',
  ).flatMap((node): Alias[] => {
    const target = node.childForFieldName('type');
    const name = (node.childForFieldName('name') ?? node.childForFieldName('declarator'))?.text;
    return target && name !== undefined && wide.test(target.text) ? [{ name, node, target }] : [];
  });
  const used = aliases.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(type.body.text));
  return used.length === 1 ? used[0] : undefined;
}

function isInside(node: Node, outer: Node): boolean {
  return outer.startIndex <= node.startIndex && node.endIndex <= outer.endIndex;
}

/** Whether a counter is incremented, compared with 0 and the tags are then all set anew. */
function startsAnew({ body }: CppClass): boolean {
  return /\+\+/.test(body.text) && /[=!]= ?0/.test(body.text) && /\b(fill|memset|assign)\b/.test(body.text);
}
