import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGrammar } from '../../../src/engine/policy/playbook/grammar.ts';
import { logProbabilities, type PriorTable } from '../../../src/engine/policy/playbook/prior.ts';
import {
  decodeProgram,
  encodeProgram,
  parseProgram,
  printProgram,
} from '../../../src/engine/policy/playbook/program.ts';
import { sampleTokens, scoreTokens } from '../../../src/engine/policy/playbook/sampler.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { appendingRewrite, syntheticCatalogue } from './syntheticCatalogue.ts';

const grammar = createGrammar(syntheticCatalogue);
const flat: PriorTable = { version: 'flat', rewrites: {}, default: 0, values: {} };
const module = 'search' as const;
const names = (ids: readonly number[]): string[] =>
  ids.map((id) => {
    const token = grammar.vocabulary[id];
    if (token?.kind === 'value') return `${token.parameter}=${token.value}`;
    return token?.kind === 'rewrite' ? token.rewrite : 'end';
  });

/** Priors with any logits, over any non-empty subset of the module's rewrites. */
const options = fc.record({
  grammar: fc.constant(grammar),
  prior: fc.record({
    version: fc.constant('any'),
    rewrites: fc.dictionary(
      fc.constantFrom('prefetch', 'pool', 'heap', 'huge-pages'),
      fc.double({ min: -6, max: 6, noNaN: true }),
    ),
    default: fc.double({ min: -6, max: 6, noNaN: true }),
    values: fc.dictionary(
      fc.constantFrom('prefetch depth=8', 'prefetch lookahead=1', 'heap arity=4'),
      fc.double({ min: -6, max: 6, noNaN: true }),
    ),
  }),
  module: fc.constant(module),
  available: fc
    .subarray(['prefetch', 'pool', 'heap', 'huge-pages'], { minLength: 1 })
    .map((ids): ReadonlySet<string> => new Set(ids)),
  temperature: fc.double({ min: 0.3, max: 3, noNaN: true }),
});

describe('grammar', () => {
  it('offers only rewrites of the module that are available, and no empty program', () => {
    expect(names(grammar.allowed(grammar.start(module)))).toEqual(['prefetch', 'pool', 'heap', 'huge-pages']);
    expect(names(grammar.allowed(grammar.start('construction')))).toEqual(['levels']);
    expect(names(grammar.allowed(grammar.start(module, new Set(['heap']))))).toEqual(['heap']);
    expect(grammar.allowed(grammar.start('refinement'))).toEqual([]);
  });

  it('asks for each parameter in order, then for a later rewrite without conflict, or the end', () => {
    const steps: string[][] = [];
    let state = grammar.start(module);
    for (const wanted of ['prefetch', 'depth=4', 'lookahead=2', 'pool', 'end']) {
      const allowed = grammar.allowed(state);
      steps.push(names(allowed));
      const id = allowed[names(allowed).indexOf(wanted)] ?? -1;
      state = grammar.advance(state, id) ?? state;
    }
    expect(steps).toEqual([
      ['prefetch', 'pool', 'heap', 'huge-pages'],
      ['depth=2', 'depth=4', 'depth=8'],
      ['lookahead=1', 'lookahead=2'],
      ['end', 'pool', 'heap', 'huge-pages'],
      ['end', 'huge-pages'],
    ]);
    expect(state.ended).toBe(true);
    expect(grammar.allowed(state)).toEqual([]);
  });

  it('has a version that changes with the vocabulary, the conflicts and the order', () => {
    const versions = [
      syntheticCatalogue,
      syntheticCatalogue.slice(1),
      [...syntheticCatalogue].reverse(),
      syntheticCatalogue.map((rewrite) =>
        rewrite.id === 'pool' ? { ...rewrite, conflictsWith: [] } : rewrite,
      ),
    ].map((catalogue) => createGrammar(catalogue).version);
    expect(new Set(versions).size).toBe(4);
    expect(createGrammar([...syntheticCatalogue]).version).toBe(grammar.version);
  });

  it.each([
    [[appendingRewrite({ id: 'a' }), appendingRewrite({ id: 'a' })], /two rewrites have the id a/],
    [[appendingRewrite({ id: 'Not Kebab' })], /not kebab-case/],
    [[appendingRewrite({ id: 'end' })], /not kebab-case/],
    [[appendingRewrite({ id: 'a', parameters: { depth: [] } })], /needs distinct, finite values/],
    [[appendingRewrite({ id: 'a', parameters: { depth: [1, 1] } })], /needs distinct, finite values/],
  ])('refuses a catalogue that is wrong in itself', (catalogue, message) => {
    expect(() => createGrammar(catalogue)).toThrow(message);
  });
});

describe('programs as text', () => {
  const text = 'prefetch depth=8 lookahead=2; huge-pages; end';

  it('prints and parses', () => {
    const parsed = parseProgram(grammar, module, text);
    expect(parsed).toMatchObject({
      kind: 'program',
      program: [
        { rewrite: 'prefetch', values: { depth: 8, lookahead: 2 } },
        { rewrite: 'huge-pages', values: {} },
      ],
    });
    expect(parsed.kind === 'program' && printProgram(grammar, parsed.program)).toBe(text);
  });

  it.each([
    ['', '`` is not in the vocabulary'],
    ['end', 'token 1: `end` may not come here'],
    ['prefetch depth=8 lookahead=2; huge-pages', 'lacks its `end`'],
    ['prefetch depth=8; end', 'token 3: `end` may not come here; allowed: `lookahead=1`'],
    ['prefetch lookahead=2 depth=8; end', 'token 2'],
    ['prefetch depth=9 lookahead=2; end', '`depth=9` of `prefetch` is not in the vocabulary'],
    ['prefetch depth=0x8 lookahead=2; end', '`depth=0x8` is not of the form name=number'],
    ['huge-pages; prefetch depth=8 lookahead=2; end', 'token 2'],
    ['pool; heap arity=4; end', 'token 2: `heap` may not come here; allowed: `end`, `huge-pages`'],
    ['huge-pages; huge-pages; end', 'token 2'],
    ['levels; end', 'token 1'],
    ['huge-pages; end; end', 'token 3: `end` may not come here; allowed: nothing'],
    ['rm -rf; end', '`-rf` is not of the form'],
  ])('refuses %j', (wrong, message) => {
    const parsed = parseProgram(grammar, module, wrong);
    expect(parsed.kind).toBe('invalid');
    expect(parsed.kind === 'invalid' && parsed.message).toContain(message);
  });
});

describe('sampling', () => {
  it('gives programs that parse, encode to the same tokens and score the same', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 0 }), (sampling, seed) => {
        const sampled = sampleTokens(sampling, seededRandom(seed));
        expect(sampled).toBeDefined();
        if (!sampled) return;
        const decoded = decodeProgram(grammar, module, sampled.tokenIds);
        expect(decoded.kind).toBe('program');
        if (decoded.kind !== 'program') return;
        expect(encodeProgram(grammar, module, decoded.program)).toEqual(sampled.tokenIds);
        expect(decoded.program.every(({ rewrite }) => sampling.available.has(rewrite))).toBe(true);
        expect(scoreTokens(sampling, sampled.tokenIds)).toEqual(sampled.logprobs);
        expect(sampled.logprobs.every((logprob) => logprob <= 1e-12)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('normalises over the mask', () => {
    fc.assert(
      fc.property(options, ({ prior, available, temperature }) => {
        const state = grammar.start(module, available);
        const total = logProbabilities(grammar, prior, state, temperature)
          .map(Math.exp)
          .reduce((a, b) => a + b, 0);
        expect(total).toBeCloseTo(1, 10);
      }),
    );
  });

  it('gives all programs together the probability 1', () => {
    const sampling = {
      grammar,
      prior: flat,
      module,
      available: new Set(['prefetch', 'pool', 'heap']),
      temperature: 1,
    };
    const programs = new Map<string, number>();
    const random = seededRandom(7);
    for (let i = 0; i < 3000; ++i) {
      const sampled = sampleTokens(sampling, random);
      if (sampled)
        programs.set(
          sampled.tokenIds.join(),
          sampled.logprobs.reduce((a, b) => a + b, 0),
        );
    }
    // (6 prefetch programs or none) x (pool, two heaps or neither), less the empty one.
    expect(programs.size).toBe(7 * 4 - 1);
    expect([...programs.values()].map(Math.exp).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
  });

  it('includes a rewrite as often as its logit says', () => {
    const prior = { ...flat, rewrites: { prefetch: 2, pool: -1, 'huge-pages': 6 } };
    const sampling = {
      grammar,
      prior,
      module,
      available: new Set(['prefetch', 'pool', 'huge-pages']),
      temperature: 1,
    };
    const random = seededRandom(3);
    const draws = 4000;
    const held = { prefetch: 0, pool: 0 };
    for (let i = 0; i < draws; ++i) {
      const ids = names(sampleTokens(sampling, random)?.tokenIds ?? []);
      if (ids.includes('prefetch')) ++held.prefetch;
      if (ids.includes('pool')) ++held.pool;
    }
    expect(held.prefetch / draws).toBeCloseTo(1 / (1 + Math.exp(-2)), 1);
    expect(held.pool / draws).toBeCloseTo(1 / (1 + Math.exp(1)), 1);
  });

  it('draws what the logprobs say', () => {
    const sampling = { grammar, prior: flat, module, available: new Set(['heap']), temperature: 1 };
    const random = seededRandom(11);
    const fours = Array.from({ length: 2000 }, () =>
      names(sampleTokens(sampling, random)?.tokenIds ?? []),
    ).filter((ids) => ids.includes('arity=4'));
    expect(fours.length / 2000).toBeCloseTo(0.5, 1);
  });
});
