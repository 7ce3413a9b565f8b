import { type Edit, indentAt, reindent, replaceNode } from '../cppEdit.ts';
import { addConditionalIncludes } from '../cppIncludes.ts';
import { type Call, callsIn, declaredName, enclosing } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import { advisedMember } from '../mallocMember.ts';
import type { Rewrite } from '../rewrite.ts';

/** Puts large buffers (vectors, links) on huge pages where the system grants them. */
export const hugePages: Rewrite = {
  id: 'huge-pages',
  module: 'search',
  title: 'Huge pages for vectors and links',
  cause: 'A random read of a large array misses the TLB on 4 KiB pages and seldom on 2 MiB pages.',
  parameters: [
    {
      name: 'fromMiB',
      values: [2, 16],
      meaning: 'size in MiB from which a buffer is put on huge pages',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'storage', (site) => rewriteAllocation(site, values.fromMiB ?? 2)),
};

const linuxMman = '#if defined(__linux__)\n#include <sys/mman.h>\n#endif\n';

function rewriteAllocation(site: RoleSite, fromMiB: number): SiteEdits {
  if (site.text.includes('MADV_HUGEPAGE')) return declined('the storage asks for huge pages already');
  if (site.node.type === 'field_declaration') return advisedMember(site, fromMiB, linuxMman);
  const calls = callsIn(site.node).filter(
    ({ name, arguments: list }) => name === 'aligned_alloc' && list.length === 2,
  );
  const call = calls[0];
  if (!call || calls.length > 1) {
    return declined(
      'the storage does not allocate with a single call of `std::aligned_alloc(alignment, bytes)`',
    );
  }
  const declaration = enclosing(call.node, ['declaration']);
  const declarator = declaration?.childForFieldName('declarator');
  const pointer = declarator && declaredName(declarator);
  if (!declaration || !pointer)
    return declined('the result of `std::aligned_alloc` is not kept in a variable');
  const includes = addConditionalIncludes(site.root, site.text, linuxMman);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const edits: readonly Edit[] = [
    ...includes,
    { start: declaration.startIndex, end: declaration.startIndex, text: sizing(site, call, fromMiB) },
    ...replaceArguments(call),
    { start: declaration.endIndex, end: declaration.endIndex, text: advice(site, call, pointer) },
  ];
  return { kind: 'edits', edits, note: `buffers from ${fromMiB} MiB ask for huge pages` };
}

function replaceArguments({ arguments: [alignment, bytes] }: Call): readonly Edit[] {
  return alignment && bytes ? [replaceNode(alignment, 'alignment'), replaceNode(bytes, 'reserved')] : [];
}

function sizing({ text }: RoleSite, { node, arguments: [alignment, bytes] }: Call, fromMiB: number): string {
  const margin = indentAt(text, node.startIndex);
  const code = `// Rows and lists are read at random, and 2 MiB need one TLB entry instead of 512.
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kHugePagesFrom = std::size_t{${fromMiB}} << 20;  // bytes
const bool huge = ${bytes?.text} >= kHugePagesFrom;
const std::size_t alignment = huge ? kHugePageBytes : ${alignment?.text};
const std::size_t reserved = (${bytes?.text} + alignment - 1) / alignment * alignment;`;
  return `${reindent(code, margin).slice(margin.length)}\n${margin}`;
}

/** The advice precedes the first write, which is what places the pages. */
function advice({ text }: RoleSite, { node }: Call, pointer: string): string {
  const margin = indentAt(text, node.startIndex);
  return `
#if defined(MADV_HUGEPAGE)
${margin}// Only advice: where it is refused the buffer works as before.
${margin}if (huge && ${pointer} != nullptr) madvise(${pointer}, reserved, MADV_HUGEPAGE);
#endif`;
}
