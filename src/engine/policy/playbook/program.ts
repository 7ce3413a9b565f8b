import type { ModuleName } from '../../../protocol/module.ts';
import type { Grammar, ProgramState, Token } from './grammar.ts';

/** One rewrite with its parameter values. */
export interface ProgramStep {
  readonly rewrite: string;
  readonly values: Readonly<Record<string, number>>;
}

/** An edit program: rewrites in catalogue order. */
export type Program = readonly ProgramStep[];

export type ParsedProgram =
  | { readonly kind: 'program'; readonly program: Program; readonly tokenIds: readonly number[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** A program as text, e.g. `neighbour-prefetch depth=8 lookahead=2; huge-pages; end`. */
export function printProgram(grammar: Grammar, program: Program): string {
  const steps = program.map(({ rewrite, values }) => {
    const parameters = grammar.catalogue.find(({ id }) => id === rewrite)?.parameters ?? [];
    return [rewrite, ...parameters.map(({ name }) => `${name}=${values[name]}`)].join(' ');
  });
  return [...steps, 'end'].join('; ');
}

/** Reads the text form strictly: exactly what `printProgram` writes, up to space around the separators. */
export function parseProgram(grammar: Grammar, module: ModuleName, text: string): ParsedProgram {
  const tokens: Token[] = [];
  const steps = text.split(';').map((step) => step.trim());
  for (const [i, step] of steps.entries()) {
    const [rewrite = '', ...assignments] = step.split(/\s+/);
    if (step === 'end' && i === steps.length - 1) {
      tokens.push({ kind: 'end' });
      continue;
    }
    tokens.push({ kind: 'rewrite', rewrite });
    for (const assignment of assignments) {
      const match = /^([^=]+)=(-?\d+(?:\.\d+)?)$/.exec(assignment);
      if (!match) return invalid(`step ${i + 1}: \`${assignment}\` is not of the form name=number`);
      tokens.push({ kind: 'value', rewrite, parameter: match[1] ?? '', value: Number(match[2]) });
    }
  }
  const ids: number[] = [];
  for (const token of tokens) {
    const id = grammar.tokenId(token);
    if (id === undefined) return invalid(`${printToken(token)} is not in the vocabulary`);
    ids.push(id);
  }
  return decodeProgram(grammar, module, ids);
}

/** Token ids of a program. Undefined when the grammar forbids it. */
export function encodeProgram(
  grammar: Grammar,
  module: ModuleName,
  program: Program,
): readonly number[] | undefined {
  const parsed = parseProgram(grammar, module, printProgram(grammar, program));
  return parsed.kind === 'program' ? parsed.tokenIds : undefined;
}

/** Reads token ids under the grammar: every token must be one that the mask allows, and the last one is `end`. */
export function decodeProgram(
  grammar: Grammar,
  module: ModuleName,
  tokenIds: readonly number[],
): ParsedProgram {
  let state: ProgramState = grammar.start(module);
  const steps: { rewrite: string; values: Record<string, number> }[] = [];
  for (const [i, id] of tokenIds.entries()) {
    const token = grammar.vocabulary[id];
    if (token === undefined) return invalid(`token ${i + 1}: ${id} is not in the vocabulary`);
    const next = grammar.advance(state, id);
    if (next === undefined) {
      const expected = grammar.allowed(state).flatMap((allowed) => grammar.vocabulary[allowed] ?? []);
      const list = expected.map(printToken).join(', ') || 'nothing';
      return invalid(`token ${i + 1}: ${printToken(token)} may not come here; allowed: ${list}`);
    }
    if (token.kind === 'rewrite') steps.push({ rewrite: token.rewrite, values: {} });
    if (token.kind === 'value') {
      const step = steps.at(-1);
      if (step) step.values[token.parameter] = token.value;
    }
    state = next;
  }
  return state.ended ? { kind: 'program', program: steps, tokenIds } : invalid('the program lacks its `end`');
}

function printToken(token: Token): string {
  switch (token.kind) {
    case 'end':
      return '`end`';
    case 'rewrite':
      return `\`${token.rewrite}\``;
    case 'value':
      return `\`${token.parameter}=${token.value}\` of \`${token.rewrite}\``;
  }
}

function invalid(message: string): ParsedProgram {
  return { kind: 'invalid', message };
}
