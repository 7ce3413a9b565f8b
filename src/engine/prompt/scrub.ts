import { removedMark, withoutCredentials, withoutProseSecrets } from './secrets.ts';

/** What must not leave the machine besides credentials; an empty string is nothing. */
export interface ScrubSettings {
  /** Absolute path of the workspace. */
  readonly root: string;
  /** The user's home folder. */
  readonly home: string;
  /** The user's name on this machine. */
  readonly user: string;
}

/** Names of accounts that are words as well: taken out of paths of home folders only. */
const commonAccounts: ReadonlySet<string> = new Set(
  'root admin administrator user users node runner ubuntu debian vscode build builder test guest docker'.split(
    ' ',
  ),
);

/**
 * Comments, literals, and included paths: where C++ holds prose. Raw strings first, then what may start inside them; a
 * line that starts with `* ` may be of a comment whose start a diff does not show.
 */
const prose =
  /R"([^()\\\s]{0,16})\([\s\S]{0,20000}?\)\1"|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))|^[ +-]?[ \t]*\*[ \t][^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|(?<=#[ \t]*include[ \t]*)<[^>\n]*>/gm;
/** What stands before the path of an include. */
const afterInclude = /#[ \t]*include[ \t]*$/;
const longestDirective = 40;
const emailAddress = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g;
/** One separator; in a literal a backslash is doubled. */
const separator = String.raw`(?:\/|\\{1,2})`;
/** What a path may follow: `//` opens a comment or ends a scheme, `-I` and `-L` are options of compilers. */
const pathStart = String.raw`(?<=^|[^\w.~/\\-]|\/\/|-[IL])`;
/** Home folders, whoever's they are. */
const homeFolders = new RegExp(
  String.raw`${pathStart}(?:[A-Za-z]:)?${separator}(?:home|Users)${separator}[\w.-]*\w`,
  'gm',
);

/**
 * C++, or a diff of it, fit to leave the machine: paths below the workspace become relative, the home folder `~`;
 * credentials, addresses and the user's name become `[removed]`. Outside comments and literals only the unmistakable
 * forms of credentials and paths are touched, so that code in which nothing is secret stays as it is, character for
 * character. Lines keep their number. Scrubbing twice changes nothing more.
 */
export function scrubCode(text: string, settings: ScrubSettings): string {
  const inCode = pathRules(settings, 'code');
  const inProse = pathRules(settings, 'prose');
  const user = userPattern(settings.user);
  return untilStable(text, (before) => {
    const paths = withoutPaths(withoutCredentials(before).replace(emailAddress, removedMark), inCode);
    // A name that the code itself uses cannot be taken out of it, and is most likely a word.
    const isWord = user === undefined || paths.replace(prose, '').search(user) >= 0;
    return paths.replace(prose, (piece, _delimiter, offset: number) => {
      const cleaned = withoutPaths(withoutProseSecrets(piece), inProse);
      const included = afterInclude.test(paths.slice(Math.max(0, offset - longestDirective), offset));
      return included || isWord ? cleaned : cleaned.replace(user, removedMark);
    });
  });
}

/** The same for messages of compilers and checks, all of which is prose. */
export function scrubText(text: string, settings: ScrubSettings): string {
  const rules = pathRules(settings, 'prose');
  const user = userPattern(settings.user);
  return untilStable(text, (before) => {
    const credentials = withoutProseSecrets(withoutCredentials(before)).replace(emailAddress, removedMark);
    const paths = withoutPaths(credentials, rules);
    return user === undefined ? paths : paths.replace(user, removedMark);
  });
}

/** What stands where something was taken out may complete another match; a few rounds always settle it. */
function untilStable(text: string, step: (text: string) => string): string {
  const maximumRounds = 8;
  let result = text;
  for (let round = 0; round < maximumRounds; round++) {
    const next = step(result);
    if (next === result) break;
    result = next;
  }
  return result;
}

/** A pattern for a path, and what stands for it: whole, and where something below it is named. */
interface PathRule {
  readonly pattern: RegExp;
  readonly whole: string;
  readonly below: string;
}

/** Longer paths first. A path of one part (`/src`) may be a division in code: it is replaced in prose only. */
function pathRules({ root, home }: ScrubSettings, where: 'code' | 'prose'): PathRule[] {
  return [
    { path: root, whole: '.', below: '' },
    { path: home, whole: '~', below: '~/' },
  ]
    .map((rule) => ({ ...rule, parts: rule.path.split(/[/\\]+/).filter((part) => part !== '') }))
    .filter(({ parts }) => parts.length > (where === 'code' ? 1 : 0))
    .sort((a, b) => b.path.length - a.path.length)
    .map(({ path, parts, whole, below }) => {
      const named = (/^[/\\]/.test(path) ? separator : '') + parts.map(escapeRegExp).join(separator);
      const end = String.raw`(?:(${separator})(?=[\w.~@-])|(?![\w-]|\.\w)[/\\]?)`;
      return { pattern: new RegExp(pathStart + named + end, 'gm'), whole, below };
    });
}

function withoutPaths(text: string, rules: readonly PathRule[]): string {
  return rules
    .reduce(
      (result, { pattern, whole, below }) =>
        result.replace(pattern, (_all, inside: string | undefined) => (inside === undefined ? whole : below)),
      text,
    )
    .replace(homeFolders, '~');
}

/** Where the user is named; undefined where the name says too little, or is part of what stands for it. */
function userPattern(user: string): RegExp | undefined {
  const shortest = 3;
  if (user.length < shortest || commonAccounts.has(user.toLowerCase()) || removedMark.includes(user)) {
    return undefined;
  }
  return new RegExp(`(?<![A-Za-z0-9])${escapeRegExp(user)}(?![A-Za-z0-9])`, 'g');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
