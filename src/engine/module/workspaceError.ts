import { UserError } from '../errors.ts';

/** One thing wrong with a workspace, and what to do about it. */
export interface WorkspaceProblem {
  /** Field of the manifest, e.g. `modules.search.regions[1].symbol`; empty for the file as a whole. */
  readonly field: string;
  readonly message: string;
  readonly fix: string;
}

/** A workspace that cannot be used as it is. The message lists every problem found. */
export class WorkspaceError extends UserError {
  readonly file: string;
  readonly problems: readonly WorkspaceProblem[];

  constructor(file: string, problems: readonly WorkspaceProblem[]) {
    super(
      'workspace',
      problems.map((problem) => describe(file, problem)).join('\n'),
      problems.length === 1 ? (problems[0]?.fix ?? '') : `correct the ${problems.length} problems above`,
    );
    this.name = 'WorkspaceError';
    this.file = file;
    this.problems = problems;
  }
}

function describe(file: string, { field, message, fix }: WorkspaceProblem): string {
  return `${file}${field === '' ? '' : `: ${field}`}: ${message} (${fix})`;
}

/** A field path as a person reads it: `modules.search.regions[1].symbol`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
