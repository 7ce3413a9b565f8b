import type { FileTexts, PolicyRequest } from '../../../protocol/policy.ts';
import type { CppSyntax } from '../../ports.ts';
import type { Program, ProgramStep } from './program.ts';
import type { Rewrite, RewriteResult } from './rewrite.ts';

/** What a program did to a workspace. */
export interface EditedFiles {
  /** New texts of the files that changed; empty when nothing applied. */
  readonly changed: FileTexts;
  /** One line per rewrite: what it did, or why it declined. */
  readonly notes: readonly string[];
  readonly declined: readonly string[];
}

/** Applies programs of one catalogue to the files of one request. Pure: the same program gives the same texts. */
export class ProgramEditor {
  readonly #catalogue: readonly Rewrite[];
  readonly #request: PolicyRequest;
  readonly #syntax: CppSyntax;

  constructor(catalogue: readonly Rewrite[], request: PolicyRequest, syntax: CppSyntax) {
    this.#catalogue = catalogue;
    this.#request = request;
    this.#syntax = syntax;
  }

  apply(program: Program): EditedFiles {
    let files = this.#request.files;
    const notes: string[] = [];
    const declined: string[] = [];
    for (const step of program) {
      const result = this.#applyStep(step, files);
      if (result.kind === 'declined') {
        declined.push(step.rewrite);
        notes.push(`${step.rewrite} declined: ${result.reason}`);
      } else {
        files = new Map([...files, ...result.files]);
        notes.push(`${step.rewrite}: ${result.note}`);
      }
    }
    const changed = [...files].filter(([path, text]) => this.#request.files.get(path) !== text);
    return { changed: new Map(changed), notes, declined };
  }

  /** Rewrites of the module that do not fit this workspace, with the reason: each is tried alone. */
  declines(): ReadonlyMap<string, string> {
    const reasons = new Map<string, string>();
    for (const { id, module, parameters } of this.#catalogue) {
      if (module !== this.#request.module) continue;
      const values = Object.fromEntries(
        parameters.map((parameter) => [parameter.name, parameter.values[0] ?? 0]),
      );
      const result = this.#applyStep({ rewrite: id, values }, this.#request.files);
      if (result.kind === 'declined') reasons.set(id, result.reason);
    }
    return reasons;
  }

  #applyStep({ rewrite, values }: ProgramStep, files: FileTexts): RewriteResult {
    const found = this.#catalogue.find(({ id }) => id === rewrite);
    if (found === undefined) return { kind: 'declined', reason: 'not in the catalogue' };
    const { manifest, facts } = this.#request;
    return found.apply({ files, manifest, facts, syntax: this.#syntax }, values);
  }
}
