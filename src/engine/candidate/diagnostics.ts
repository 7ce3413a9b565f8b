import { isAbsolute, relative, sep } from 'node:path';

/** One message of the compiler. */
export interface Diagnostic {
  /** Relative to the workspace, with `/`, where the file is part of it. */
  readonly file: string;
  /** 1-based; 0 where the compiler gave none. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
}

const located = /^(.+?):(\d+):(?:(\d+):)? (fatal error|error|warning|note): (.*)$/;
const unlocated =
  /^\S*?(?:clang|g\+\+|gcc|c\+\+|collect2|ld(?:\.\w+)?)\S*: (?:fatal )?(error|warning): (.*)$/;
const undefinedSymbol =
  /^(?:\S*ld\S*: )?(?:\S+: in function .*?: ?|(\S+?):(?:\([^)]*\)|\S*): )?(undefined reference to .*|undefined symbol: .*)$/;

/** Reads the messages of gcc, clang and their linkers; `dir` is the folder in which the compiler ran. */
export function parseDiagnostics(stderr: string, dir: string): readonly Diagnostic[] {
  return stderr.split('\n').flatMap((line): Diagnostic[] => {
    const match = located.exec(line);
    if (match) {
      const [, file = '', row, column, severity = '', message = ''] = match;
      return [
        {
          file: inWorkspace(file, dir),
          line: Number(row),
          column: Number(column ?? 0),
          severity: severity === 'warning' || severity === 'note' ? severity : 'error',
          message,
        },
      ];
    }
    const link = undefinedSymbol.exec(line);
    if (link) return [{ file: '', line: 0, column: 0, severity: 'error', message: link[2] ?? '' }];
    const plain = unlocated.exec(line);
    if (!plain) return [];
    const severity = plain[1] === 'warning' ? 'warning' : 'error';
    return [{ file: '', line: 0, column: 0, severity, message: plain[2] ?? '' }];
  });
}

function inWorkspace(file: string, dir: string): string {
  const path = isAbsolute(file) ? relative(dir, file) : file;
  return path.startsWith('..') ? file : path.split(sep).join('/').replace(/^\.\//, '');
}
