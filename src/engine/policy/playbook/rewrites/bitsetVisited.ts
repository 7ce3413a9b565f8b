import { replaceImplementation } from '../classBodies.ts';
import { type CppClass, readClass } from '../cppClass.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { plainName, unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';

/** One bit per node instead of a tag. A small set is cleared by a sweep, of a large one the words in use are listed. */
export const bitsetVisited: Rewrite = {
  id: 'bitset-visited',
  module: 'search',
  title: 'Bitset as visited set',
  cause: 'One bit per node instead of a tag keeps the visited set in the first cache levels.',
  parameters: [
    {
      name: 'sweepKiB',
      values: [16, 128],
      meaning: 'size in KiB up to which a bitset is cleared by one sweep, without a list of what to clear',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'visitedSet', (site) => rewriteVisited(site, values.sweepKiB ?? 16)),
};

function rewriteVisited(site: RoleSite, sweepKiB: number): SiteEdits {
  const type = readClass(unwrapTemplate(site.node));
  if (!type) return declined('the visited set is not a class');
  if (/\bvector<bool>|\bbitset<|<<\s*\(/.test(type.body.text))
    return declined('the visited set holds bits already');
  if (!hasMethod(type, 'insert')) {
    return declined(
      `\`${type.name}\` has no method \`insert(id)\`: searches read its tags in place, and would all have to change`,
    );
  }
  const result = replaceImplementation(site.text, type, {
    initializers: ([n]) =>
      `words_((${n} + kBitsPerWord - 1) / kBitsPerWord, 0), listed_(words_.size() > kSweepWords)`,
    bodies: { clear, insert, bytes },
    privates: fields(sweepKiB),
  });
  if (result.kind === 'declined') return result;
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef', 'cstdint', 'vector']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  return {
    kind: 'edits',
    edits: [...includes, ...result.edits],
    note: `one bit per node, cleared by a sweep up to ${sweepKiB} KiB`,
  };
}

function hasMethod(type: CppClass, name: string): boolean {
  return type.methods.some((candidate) => plainName(candidate.name) === name);
}

const clear = (): string => `if (!listed_) {
  std::fill(words_.begin(), words_.end(), std::uint64_t{0});
  return;
}
for (const std::uint32_t word : used_) words_[word] = 0;
used_.clear();`;

const insert = ([id]: readonly string[]): string => `const std::size_t at = ${id} / kBitsPerWord;
const std::uint64_t bit = std::uint64_t{1} << (${id} % kBitsPerWord);
if ((words_[at] & bit) != 0) return false;
words_[at] |= bit;
if (listed_) used_.push_back(static_cast<std::uint32_t>(at));
return true;`;

const bytes = (): string =>
  'return words_.size() * sizeof(std::uint64_t) + used_.capacity() * sizeof(std::uint32_t);';

const fields = (sweepKiB: number): string => `static constexpr std::size_t kBitsPerWord = 64;
// A set of up to this size is cleared by a sweep: cheaper than listing what to clear.
static constexpr std::size_t kSweepWords = ${sweepKiB} * 1024 / sizeof(std::uint64_t);
std::vector<std::uint64_t> words_;  // one bit per node, to stay in the first cache levels
bool listed_;
std::vector<std::uint32_t> used_;  // the words to clear, when they are listed`;
