import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import { manifestSchema } from '../../../src/protocol/manifest.ts';
import { applyStep } from './rewritesWorkspace.ts';

const folder = join(import.meta.dirname, 'otherShape');
const file = 'flat_graph.h';
const at = (symbol: string) => ({ file, symbol });
const files = new Map([[file, readFileSync(join(folder, file), 'utf8')]]);

/** Every role is bound, so that a rewrite has to look at the code to decline. */
const manifest = manifestSchema.parse({
  name: 'flat',
  modules: { search: { regions: [at('FlatGraph')] } },
  roles: {
    distance: at('squared_gap'),
    neighbourLoop: at('FlatGraph::walk'),
    visitedSet: at('FlatGraph::visit'),
    candidatePool: at('FlatGraph::walk'),
    entryPoint: at('FlatGraph::start'),
    neighbourSelection: at('FlatGraph::closest'),
    storage: at('FlatGraph::rows_'),
  },
  build: { adapter: file },
  index: {},
  search: {},
  datasets: ['any'],
});

describe('a graph of another shape: ordered sets, no levels, a visit in a function of its own', () => {
  it('compiles', () => {
    const flags = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x', 'c++'];
    execFileSync('g++', [...flags, '-include', join(folder, file), '/dev/null']);
  });

  it.each(catalogue.filter(({ module }) => module === 'search').map(({ id }) => [id] as const))(
    '%s declines and says why',
    (id) => {
      const result = applyStep([id], files, manifest);
      expect(result).toMatchObject({ kind: 'declined', reason: expect.stringMatching(/\w+ \w+ \w+/) });
      expect(result).not.toMatchObject({
        reason: expect.stringMatching(/names no|is not there|not defined/),
      });
    },
  );
});
