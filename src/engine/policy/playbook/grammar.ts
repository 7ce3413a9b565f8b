import { createHash } from 'node:crypto';
import type { ModuleName } from '../../../protocol/module.ts';
import type { Rewrite } from './rewrite.ts';

/** One token of an edit program. A program is: (rewrite, one value per parameter in order)+, end. */
export type Token =
  | { readonly kind: 'end' }
  | { readonly kind: 'rewrite'; readonly rewrite: string }
  | { readonly kind: 'value'; readonly rewrite: string; readonly parameter: string; readonly value: number };

/** Where a program stands after some of its tokens. */
export interface ProgramState {
  readonly module: ModuleName;
  /** Rewrites that may be used at all: those that do not decline on this workspace. */
  readonly available: ReadonlySet<string>;
  /** Indices into the catalogue of the rewrites used so far, ascending. */
  readonly used: readonly number[];
  /** How many parameters of the last used rewrite have their value. */
  readonly valuesGiven: number;
  readonly ended: boolean;
}

/** The playbook's vocabulary and the rules of its programs. Immutable. */
export interface Grammar {
  readonly catalogue: readonly Rewrite[];
  /** Token id -> token. Id 0 is `end`; the others follow the catalogue. */
  readonly vocabulary: readonly Token[];
  /** SHA-256 (hex) over the vocabulary, the modules and the conflicts: token ids mean the same while it is the same. */
  readonly version: string;
  start(module: ModuleName, available?: ReadonlySet<string>): ProgramState;
  /** The mask: ids of the tokens that may come next, ascending. Empty after `end`, or when no rewrite is available. */
  allowed(state: ProgramState): readonly number[];
  /** The state after one more token; undefined when the mask forbids it. */
  advance(state: ProgramState, tokenId: number): ProgramState | undefined;
  tokenId(token: Token): number | undefined;
}

export const endTokenId = 0;

/** Builds the grammar of a catalogue. @throws Error on a catalogue that is wrong in itself. */
export function createGrammar(catalogue: readonly Rewrite[]): Grammar {
  checkCatalogue(catalogue);
  const vocabulary: readonly Token[] = [{ kind: 'end' }, ...catalogue.flatMap(tokensOf)];
  const ids = new Map(vocabulary.map((token, id) => [tokenKey(token), id]));
  const tokenId = (token: Token): number | undefined => ids.get(tokenKey(token));
  const idsOf = (tokens: readonly Token[]): number[] => tokens.map((token) => tokenId(token) ?? endTokenId);
  const rewriteIds = catalogue.map(({ id }) => idsOf([{ kind: 'rewrite', rewrite: id }])[0] ?? endTokenId);
  const valueIds = catalogue.map(({ id: rewrite, parameters }) =>
    parameters.map(({ name: parameter, values }) =>
      idsOf(values.map((value) => ({ kind: 'value', rewrite, parameter, value }))),
    ),
  );

  const allowed = (state: ProgramState): readonly number[] => {
    if (state.ended) return [];
    const last = state.used.at(-1) ?? -1;
    const pending = valueIds[last]?.[state.valuesGiven];
    if (pending) return pending;
    const next = rewriteIds.filter((_, i) => i > last && isUsable(catalogue, state, i));
    return state.used.length === 0 ? next : [endTokenId, ...next];
  };

  return {
    catalogue,
    vocabulary,
    version: versionOf(catalogue, vocabulary),
    start: (module, available = new Set(catalogue.map(({ id }) => id))) => ({
      module,
      available,
      used: [],
      valuesGiven: 0,
      ended: false,
    }),
    allowed,
    advance(state, id) {
      const token = vocabulary[id];
      if (token === undefined || !allowed(state).includes(id)) return undefined;
      switch (token.kind) {
        case 'end':
          return { ...state, ended: true };
        case 'rewrite':
          return { ...state, used: [...state.used, rewriteIds.indexOf(id)], valuesGiven: 0 };
        case 'value':
          return { ...state, valuesGiven: state.valuesGiven + 1 };
      }
    },
    tokenId,
  };
}

function isUsable(catalogue: readonly Rewrite[], state: ProgramState, index: number): boolean {
  const rewrite = catalogue[index];
  if (rewrite === undefined || rewrite.module !== state.module || !state.available.has(rewrite.id))
    return false;
  return state.used.every((used) => {
    const other = catalogue[used];
    return other !== undefined && !conflict(rewrite, other);
  });
}

/** A conflict holds both ways, whichever of the two names it. */
function conflict(a: Rewrite, b: Rewrite): boolean {
  return a.conflictsWith.includes(b.id) || b.conflictsWith.includes(a.id);
}

function tokensOf({ id, parameters }: Rewrite): Token[] {
  return [
    { kind: 'rewrite', rewrite: id },
    ...parameters.flatMap(({ name, values }) =>
      values.map((value): Token => ({ kind: 'value', rewrite: id, parameter: name, value })),
    ),
  ];
}

function tokenKey(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end';
    case 'rewrite':
      return token.rewrite;
    case 'value':
      return `${token.rewrite} ${token.parameter}=${token.value}`;
  }
}

function versionOf(catalogue: readonly Rewrite[], vocabulary: readonly Token[]): string {
  const rules = catalogue.map(({ id, module, conflictsWith }) => [id, module, [...conflictsWith].sort()]);
  return createHash('sha256')
    .update(JSON.stringify([vocabulary.map(tokenKey), rules]))
    .digest('hex');
}

const identifier = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const parameterName = /^[A-Za-z][A-Za-z0-9_-]*$/;

function checkCatalogue(catalogue: readonly Rewrite[]): void {
  const seen = new Set<string>();
  for (const { id, parameters } of catalogue) {
    if (!identifier.test(id) || id === 'end')
      throw new Error(`rewrite id ${JSON.stringify(id)} is not kebab-case`);
    if (seen.has(id)) throw new Error(`two rewrites have the id ${id}`);
    seen.add(id);
    const names = parameters.map(({ name }) => name);
    if (new Set(names).size < names.length) throw new Error(`rewrite ${id} names a parameter twice`);
    for (const { name, values } of parameters) {
      if (!parameterName.test(name))
        throw new Error(`rewrite ${id}: bad parameter name ${JSON.stringify(name)}`);
      if (values.length === 0 || new Set(values).size < values.length || !values.every(Number.isFinite)) {
        throw new Error(`rewrite ${id}: ${name} needs distinct, finite values, at least one`);
      }
    }
  }
}
