/** A standard optimizer over the same rewrites: Optuna's TPE, in a virtual environment of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Grammar } from '../../../src/engine/policy/playbook/grammar.ts';
import { type Program, parseProgram, printProgram } from '../../../src/engine/policy/playbook/program.ts';
import { ProgramEditor } from '../../../src/engine/policy/playbook/programEditor.ts';
import type { CppSyntax } from '../../../src/engine/ports.ts';
import type { Completion, Policy, PolicyRequest } from '../../../src/protocol/policy.ts';

const here = import.meta.dirname;
const venv = join(here, '..', '..', '..', 'build', 'optuna');
const python = join(venv, 'bin', 'python');

/** Installs Optuna once. */
export function setUpOptuna(): void {
  if (existsSync(join(venv, 'done'))) return;
  for (const [command, ...args] of [
    [process.env['PYTHON'] ?? 'python3', '-m', 'venv', venv],
    [python, '-m', 'pip', 'install', '--quiet', '-r', join(here, 'requirements.txt')],
    [python, '-c', `import optuna; open(${JSON.stringify(join(venv, 'done'))}, 'w').close()`],
  ] as const) {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  }
}

/** A policy that draws what TPE asks for; between groups it is told the rewards. */
export class TpePolicy implements Policy {
  readonly id = 'tpe';
  readonly version = '1';
  readonly #grammar: Grammar;
  readonly #syntax: CppSyntax;
  readonly #seed: number;
  #child: ChildProcess | undefined;
  #answers: AsyncIterator<string> | undefined;

  constructor(grammar: Grammar, syntax: CppSyntax, seed: number) {
    this.#grammar = grammar;
    this.#syntax = syntax;
    this.#seed = seed;
  }

  async *sample(request: PolicyRequest): AsyncGenerator<Completion> {
    const { catalogue } = this.#grammar;
    const editor = new ProgramEditor(catalogue, request, this.#syntax);
    if (this.#child === undefined) {
      const declined = editor.declines();
      this.#start(
        catalogue
          .filter(({ module, id }) => module === request.module && !declined.has(id))
          .map(({ id, parameters, conflictsWith }) => ({
            id,
            parameters,
            conflicts: catalogue.flatMap((other) =>
              conflictsWith.includes(other.id) || other.conflictsWith.includes(id) ? other.id : [],
            ),
          })),
      );
    }
    const asked = (await this.#ask({ ask: request.group })) as Readonly<
      Record<string, Readonly<Record<string, number>>>
    >[];
    for (const chosen of asked) yield this.#completion(chosen, request, editor);
  }

  /** Rewards of the last group, in its order. */
  async tell(rewards: readonly number[]): Promise<void> {
    await this.#ask({ tell: rewards });
  }

  stop(): void {
    this.#child?.stdin?.end();
  }

  /** What the grammar forbids (an empty program) is a candidate that does not apply. */
  #completion(
    chosen: Readonly<Record<string, Readonly<Record<string, number>>>>,
    { module }: PolicyRequest,
    editor: ProgramEditor,
  ): Completion {
    const program: Program = Object.entries(chosen).map(([rewrite, values]) => ({ rewrite, values }));
    const text = printProgram(this.#grammar, program);
    const parsed = parseProgram(this.#grammar, module, text);
    const { changed, notes } =
      parsed.kind === 'program' ? editor.apply(program) : { changed: new Map(), notes: [parsed.message] };
    return {
      text,
      tokenIds: [],
      logprobs: [],
      outcome:
        changed.size > 0
          ? { kind: 'files', files: changed, notes }
          : { kind: 'rejected', reason: 'does-not-apply', detail: notes.join('\n') },
    };
  }

  #start(rewrites: readonly unknown[]): void {
    this.#child = spawn(python, [join(here, 'tpe.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#child.stdin!.write(`${JSON.stringify({ seed: this.#seed, rewrites })}\n`);
  }

  async #ask(request: unknown): Promise<unknown> {
    this.#child!.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers!.next();
    if (done === true) throw new Error('tpe.py ended: its message is above');
    return JSON.parse(value);
  }
}
