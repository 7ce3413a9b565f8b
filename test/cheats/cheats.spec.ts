/** Known cheats through the real compiler, harness and cascade: each is rejected by name; code that resembles them is not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/protocol/verdict.ts';
import { createFixture, type Fixture } from '../engine/fixture.ts';
import { constructionCases } from './constructionCases.ts';
import { judge, type Proposal } from './judge.ts';
import { refinementCases } from './refinementCases.ts';
import { searchCases } from './searchCases.ts';

const all = [constructionCases, searchCases, refinementCases];
let fixture: Fixture;
let verdicts: ReadonlyMap<string, Verdict>;

beforeAll(async () => {
  fixture = await createFixture();
  const proposals = all.flatMap(({ module, cheats, twins }): Proposal[] => [
    ...cheats.map(({ name, edit }) => ({ name, module, edit: (files) => edit(files, fixture) }) as Proposal),
    ...twins.map(({ name, edit }) => ({ name, module, edit })),
  ]);
  verdicts = await judge(fixture, proposals);
}, 1_800_000);
afterAll(() => fixture?.remove());

describe.each(all)('$module', ({ cheats, twins }) => {
  it.each(cheats)('$name: caught by $check ($reason)', ({ name, reason, check }) => {
    expect(verdicts.get(name)).toMatchObject({ kind: 'rejected', reason, check });
  });

  // A patch without a gain may be found slower by chance; nothing else is held against it.
  it.each(twins)('honest: $name', ({ name }) => {
    const verdict = verdicts.get(name);
    if (verdict?.kind === 'rejected') expect(verdict).toMatchObject({ reason: 'slower' });
    else expect(verdict).toEqual({ kind: 'accepted' });
  });
});
