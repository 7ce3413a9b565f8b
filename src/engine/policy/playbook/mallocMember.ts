import type { Node } from 'web-tree-sitter';
import { indentAt, indentUnit, lineStart, reindent, replaceNode, withIndentUnit } from './cppEdit.ts';
import { addConditionalIncludes, addSystemIncludes } from './cppIncludes.ts';
import { callsIn, declaredName, descendants, enclosing } from './cppNodes.ts';
import { declined, type RoleSite, type SiteEdits } from './editRole.ts';

const helper = 'mallocHugePages';

/**
 * Puts what a member of a class points to on huge pages, where it comes from `malloc` and goes to `free`: each such
 * allocation calls a new function of the class, whose memory `free` and `realloc` take as before.
 */
export function advisedMember(site: RoleSite, fromMiB: number, linuxMman: string): SiteEdits {
  const { node, root, text, file } = site;
  const declarator = node.childForFieldName('declarator');
  const member = declarator && declaredName(declarator);
  const body = enclosing(node, ['class_specifier', 'struct_specifier'])?.childForFieldName('body');
  if (!member || !body) return declined('the storage is not the member of a class');
  const allocations = allocationsOf(body, member);
  const first = allocations[0] && enclosing(allocations[0], ['function_definition']);
  if (!first) return declined(`\`${member}\` is not allocated by \`malloc\` in its class`);
  const freed = callsIn(body).some(
    ({ callee, arguments: [pointer] }) => /^(std::)?free$/.test(callee) && pointer?.text === member,
  );
  if (!freed) return declined(`\`${member}\` is not given to \`free\` in its class`);
  const conditional = addConditionalIncludes(root, text, linuxMman);
  const includes = /<(cstdlib|stdlib\.h)>/.test(text) ? [] : addSystemIncludes(root, text, ['stdlib.h']);
  if (!includes || !conditional) return declined(`${file} has no place for its #include lines`);
  const unit = indentUnit(text, first);
  const at = lineStart(text, first.startIndex);
  const code = reindent(withIndentUnit(helperCode(fromMiB), unit), indentAt(text, first.startIndex));
  return {
    kind: 'edits',
    edits: [
      ...includes,
      ...conditional,
      { start: at, end: at, text: `${code}\n\n\n` },
      ...allocations.map((callee) => replaceNode(callee, helper)),
    ],
    note: `\`${member}\` asks for huge pages from ${fromMiB} MiB`,
  };
}

/** The name `malloc` in every `member = (type *) malloc(bytes)` of the class. */
function allocationsOf(body: Node, member: string): readonly Node[] {
  return descendants(body, ({ type }) => type === 'assignment_expression').flatMap((assignment) => {
    if (assignment.childForFieldName('left')?.text !== member) return [];
    const value = assignment.childForFieldName('right');
    const [call] = value ? callsIn(value) : [];
    const callee = call?.node.childForFieldName('function');
    return call?.arguments.length === 1 && callee && /^(std::)?malloc$/.test(callee.text) ? [callee] : [];
  });
}

const helperCode = (
  fromMiB: number,
): string => `// Memory for data that is read at random. It is released by free().
static void *${helper}(size_t bytes) {
#ifdef MADV_HUGEPAGE
  const size_t huge_page = 2 * 1024 * 1024;  // one TLB entry instead of 512
  void *memory = nullptr;
  if (bytes >= ${fromMiB} * 1024 * 1024 && posix_memalign(&memory, huge_page, bytes) == 0) {
    // Only advice: where it is refused the memory works as before.
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
  }
#endif
  return malloc(bytes);
}`;
