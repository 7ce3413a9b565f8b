import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileCommand } from '../../../src/engine/candidate/compile.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { proposeManifest, writeProposal } from '../../../src/engine/module/init.ts';
import { parseManifest } from '../../../src/engine/module/manifestFile.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';

const syntax = await createCppSyntax();
const repository = join(import.meta.dirname, '../../..');
const hnswlib = join(
  dirname(createRequire(import.meta.url).resolve('hnswlib-node/package.json')),
  'src/hnswlib',
);
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'annsmith-init-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('proposeManifest', () => {
  it('recognises hnswlib and proposes a workspace that loads and an adapter that compiles', async () => {
    await cp(hnswlib, join(dir, 'third_party/hnswlib'), { recursive: true });
    const proposal = await proposeManifest(dir, { syntax });
    expect(proposal.files.map(({ path }) => path)).toEqual([
      join(dir, 'annsmith.json'),
      join(dir, 'annsmith_adapter.cc'),
    ]);
    expect(proposal.reasons.join('\n')).toContain('hnswalg.h is hnswlib');
    await writeProposal(proposal);

    const { regions, roles, manifest } = await loadWorkspace(dir, { syntax });
    const symbols = (module: ModuleName, file: string): string[] =>
      regions[module].filter((region) => region.file.endsWith(file)).map(({ symbol }) => symbol);
    expect(symbols('construction', 'hnswalg.h')).toEqual([
      '#includes',
      'HierarchicalNSW::HierarchicalNSW(SpaceInterface<dist_t>*, size_t, size_t, size_t, size_t, bool)',
      'HierarchicalNSW::getRandomLevel',
      'HierarchicalNSW::searchBaseLayer',
      'HierarchicalNSW::getNeighborsByHeuristic2',
      'HierarchicalNSW::mutuallyConnectNewElement',
      'HierarchicalNSW::addPoint(const void*, labeltype, int)',
    ]);
    expect(symbols('search', 'hnswalg.h')).toEqual(
      expect.arrayContaining(['HierarchicalNSW::searchBaseLayerST', 'HierarchicalNSW::searchKnn']),
    );
    expect(symbols('search', 'visited_list_pool.h')).toContain('VisitedList');
    expect(symbols('refinement', 'hnswalg.h')).toEqual([
      '#includes',
      'HierarchicalNSW::data_level0_memory_',
      'HierarchicalNSW::fstdistfunc_',
      'HierarchicalNSW::clear',
      'HierarchicalNSW::updatePoint',
      'HierarchicalNSW::searchKnn',
    ]);
    expect(symbols('refinement', 'annsmith_adapter.cc')).toEqual(['annsmith_prepare', 'annsmith_memory']);
    for (const module of ['search', 'refinement'] as const) {
      expect(symbols(module, 'space_l2.h')).toEqual(expect.arrayContaining(['L2Sqr', 'L2Space']));
      expect(symbols(module, 'space_ip.h')).toContain('InnerProductSpace');
    }
    expect(Object.fromEntries(Object.entries(roles).map(([role, { symbol }]) => [role, symbol]))).toEqual({
      distance: 'L2Sqr',
      neighbourLoop: 'HierarchicalNSW::searchBaseLayerST',
      visitedSet: 'VisitedList',
      candidatePool: 'HierarchicalNSW::searchBaseLayerST',
      entryPoint: 'HierarchicalNSW::searchKnn',
      neighbourSelection: 'HierarchicalNSW::getNeighborsByHeuristic2',
      storage: 'HierarchicalNSW::data_level0_memory_',
    });

    const { command, args } = compileCommand({
      dir,
      manifest,
      abiIncludeDir: join(repository, 'native/include'),
      output: 'none',
      sanitize: 'none',
    });
    const check = [...args.filter((arg) => arg !== '-O3'), '-O0', '-fsyntax-only'];
    const result = await createProcessRunner().run(command, check, { cwd: dir, timeoutMs: 60_000 });
    expect(result.stderr.split('\n').filter((line) => line.includes('error'))).toEqual([]);
    expect(result.code).toBe(0);
  }, 60_000);

  it('recognises a workspace by the names of its parts', async () => {
    await cp(join(repository, 'examples/hnsw'), dir, { recursive: true });
    const written = parseManifest(await readFile(join(dir, 'annsmith.json'), 'utf8'));
    await rm(join(dir, 'annsmith.json'));
    const proposal = await proposeManifest(dir, { syntax });
    expect(proposal.files).toHaveLength(1);
    await writeProposal(proposal);
    const { manifest, roles, regions } = await loadWorkspace(dir, { syntax });
    expect(manifest.build).toEqual(written.build);
    expect(regions.search.map(({ symbol }) => symbol)).toEqual(
      expect.arrayContaining(['#includes', 'VisitedSet', 'CandidatePool', 'SearchLayer']),
    );
    expect(roles.neighbourLoop?.symbol).toBe('SearchLayer::Run');
    expect(Object.keys(roles).sort()).toEqual(Object.keys(written.roles).sort());
  });

  it('never overwrites', async () => {
    await writeFile(join(dir, 'annsmith.json'), '{}');
    await expect(proposeManifest(dir, { syntax })).rejects.toThrow(/annsmith\.json exists already/);
    await expect(
      writeProposal({ root: dir, files: [{ path: join(dir, 'annsmith.json'), text: 'x' }], reasons: [] }),
    ).rejects.toThrow(/EEXIST/);
    expect(await readFile(join(dir, 'annsmith.json'), 'utf8')).toBe('{}');
  });

  it('lists what it looked for when nothing is recognised', async () => {
    await writeFile(join(dir, 'main.cc'), 'int main() { return 0; }\n');
    await expect(proposeManifest(dir, { syntax })).rejects.toThrow(
      /1 C\+\+ files\); looked for hnswlib's hnswalg\.h .*; or for a source that defines annsmith_search/,
    );
    await expect(proposeManifest(join(dir, 'none'), { syntax })).rejects.toThrow(/cannot be read/);
  });
});
