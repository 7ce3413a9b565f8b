import { posix } from 'node:path';
import type { FileTexts } from '../../protocol/policy.ts';
import { directivesOf, stripSource } from './cppText.ts';
import { changedFiles } from './patch.ts';

/** Name of the check in a verdict. */
export const includeCheck = 'unsafe-include';

const allowedPragmas =
  /^(?:once|GCC (?:unroll|ivdep|push_options|pop_options|target|optimize|diagnostic)|clang (?:loop|diagnostic)|omp simd)\b/;
const fileDirectives: ReadonlySet<string> = new Set([
  'embed',
  'include_next',
  'import',
  'line',
  'ident',
  'sccs',
]);

interface Construct {
  readonly pattern: RegExp;
  readonly why: string;
}

const constructs: readonly Construct[] = [
  { pattern: /\b__has_(?:include|include_next|embed)\b/, why: 'asks which files exist' },
  { pattern: /\b_Pragma\b|\b__pragma\b/, why: 'hides a #pragma' },
  // An empty template is a compiler barrier and says nothing to the assembler.
  {
    pattern: /\b(?:asm|__asm|__asm__)\b(?!\s*(?:volatile|__volatile__)?\s*\(\s*""\s*[:)])/,
    why: 'reaches the assembler, which can read files; use intrinsics',
  },
  { pattern: /##|%:%:/, why: 'pastes tokens, which hides what is meant' },
  { pattern: /^\s*(?:export\s+)?import\b/, why: 'imports a module' },
];

/**
 * Ways in which new lines of a candidate could make the compiler read files outside the workspace, one message per
 * place; empty when there are none. Lines that the saved file already has are the user's own.
 */
export function unsafeIncludes(
  before: FileTexts,
  after: FileTexts,
  includeDirs: readonly string[],
): readonly string[] {
  return [...changedFiles(before, after)].flatMap(([file, text]) => {
    const known = new Set(logicalLines(before.get(file) ?? ''));
    const isNew = (line: string): boolean => !known.has(line.trim());
    const stripped = stripSource(text, { strings: false });
    // What follows an open literal or comment could not be judged.
    if (stripped.unterminated) return [`${file}: an unclosed ${stripped.unterminated}`];
    const lines = stripped.text.split('\n');
    const found: { readonly line: number; readonly message: string }[] = [];
    for (const { line, name, rest } of directivesOf(lines.join('\n'))) {
      const why = isNew(lines[line - 1] ?? '') ? directiveProblem(file, name, rest, includeDirs) : undefined;
      if (why) found.push({ line, message: `\`#${name} ${rest}\` ${why}` });
    }
    for (const [i, line] of lines.entries()) {
      const construct = isNew(line) ? constructs.find(({ pattern }) => pattern.test(line)) : undefined;
      if (construct) found.push({ line: i + 1, message: `\`${line.trim()}\` ${construct.why}` });
    }
    return found.sort((a, b) => a.line - b.line).map(({ line, message }) => `${file}:${line}: ${message}`);
  });
}

function logicalLines(text: string): string[] {
  return stripSource(text, { strings: false })
    .text.split('\n')
    .map((line) => line.trim());
}

function directiveProblem(
  file: string,
  name: string,
  rest: string,
  includeDirs: readonly string[],
): string | undefined {
  if (name === 'pragma') return allowedPragmas.test(rest) ? undefined : 'is not one of the allowed pragmas';
  if (fileDirectives.has(name) || /^\d/.test(name)) return 'is not allowed in a candidate';
  if (name !== 'include') return undefined;
  const target = /^(?:"([^"]+)"|<([^>]+)>)$/.exec(rest);
  if (!target) return 'does not name its file literally';
  const path = (target[1] ?? target[2] ?? '').replaceAll('\\', '/');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'names an absolute path';
  const leaves = [posix.dirname(file), ...includeDirs]
    .map((base) => posix.normalize(posix.join(base, path)))
    .some((joined) => joined === '..' || joined.startsWith('../'));
  return leaves ? 'leads out of the workspace' : undefined;
}
