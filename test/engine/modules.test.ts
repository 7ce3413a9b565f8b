/**
 * All modules in sequence, with the real compiler and harness: a workspace with a handicap in each module, and a policy
 * that takes the handicaps out. What is gained by nothing is minimised away; a run that was cut off goes on.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../src/engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { loadWorkspace } from '../../src/engine/module/workspace.ts';
import { type OptimizeRequest, optimize } from '../../src/engine/optimizer.ts';
import type { LedgerRecord } from '../../src/protocol/ledger.ts';
import type { ModuleName } from '../../src/protocol/module.ts';
import type { OptimizeReport } from '../../src/protocol/optimize.ts';
import type { Completion, FileTexts, Policy, PolicyRequest } from '../../src/protocol/policy.ts';
import { createFixture, type Fixture, importClusters } from './fixture.ts';

interface Handicap {
  readonly module: ModuleName;
  readonly file: string;
  readonly plain: string;
  readonly handicapped: string;
}

/** Some nanoseconds a time, so many that a busy machine sees the gain too. */
const wasted = (times: number): string =>
  `for (volatile int waste = 0; waste < ${times}; waste = waste + 1) {}`;
const handicaps: readonly Handicap[] = [
  {
    module: 'construction',
    file: 'include/hnsw/construction.h',
    plain: 'i < candidates.size() && kept < limit;',
    handicapped: 'i < candidates.size() && kept < limit / 4;',
  },
  {
    module: 'search',
    file: 'include/hnsw/search.h',
    plain: 'const float d = distance(id);',
    handicapped: `${wasted(80)} const float d = distance(id);`,
  },
  {
    module: 'refinement',
    file: 'include/hnsw/refinement.h',
    plain: 'found.resize(std::min(found.size(), RerankCount(k)));',
    handicapped: `for (int i = 0; i < 600; ++i) { ${wasted(20)} } found.resize(std::min(found.size(), RerankCount(k)));`,
  },
];
const remark = { name: 'remark', text: '// A remark changes nothing.\n' };

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
  const { root } = fixture.workspace;
  for (const { file, plain, handicapped } of handicaps) {
    const path = join(root, file);
    const text = await readFile(path, 'utf8');
    expect(text.split(plain).length, `"${plain}" stands once in ${file}`).toBe(2);
    await writeFile(path, text.replace(plain, handicapped));
  }
  const manifestPath = join(root, 'annsmith.json');
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'));
  manifest.budgets = { candidateSeconds: 3, buildCpuFactor: 10 };
  manifest.search.recallWindow = [0.7, 0.9];
  await writeFile(manifestPath, JSON.stringify(manifest));
});
afterAll(() => fixture?.remove());

/** Takes out the module's handicap, adds a remark, or both; the text of a completion says which. */
function edit({ module, files }: PolicyRequest, text: string): FileTexts {
  const { file, plain, handicapped } = handicaps.find((handicap) => handicap.module === module)!;
  let changed = files.get(file)!;
  if (text.includes('plain')) changed = changed.replace(handicapped, plain);
  if (text.includes(remark.name)) {
    const line = changed.split('\n').find((l) => l.includes(text.includes('plain') ? plain : handicapped))!;
    changed = changed.replace(line, `${remark.text}${line}`);
  }
  return new Map([[file, changed]]);
}

function policyOf(texts: readonly string[]): Policy {
  return {
    id: 'handicaps',
    version: '1',
    async *sample(request) {
      for (const text of texts) {
        yield {
          text,
          tokenIds: [],
          logprobs: [],
          outcome: { kind: 'files', files: edit(request, text), notes: [] },
        } satisfies Completion;
      }
    },
    parts(request, completion) {
      const names = completion.split(' ');
      return names.toReversed().map((name) => {
        const without = names.filter((other) => other !== name).join(' ');
        return { name, cause: `because of ${name}`, without, files: edit(request, without) };
      });
    },
  };
}
const policy = policyOf(['plain remark', 'remark']);

async function request(more: Partial<OptimizeRequest> = {}): Promise<OptimizeRequest> {
  const { services, workspace, locate, dataset } = fixture;
  return {
    services,
    signal: new AbortController().signal,
    workspace: await loadWorkspace(workspace.root, { syntax: await createCppSyntax() }),
    locate,
    policy,
    modules: ['construction', 'search', 'refinement'],
    datasets: [dataset],
    heldOut: [],
    aggregate: 'geomean',
    budgetSeconds: undefined,
    group: 2,
    rounds: 1,
    seed: 1,
    apply: 'none',
    ...more,
  };
}

async function recordsOf(run: string): Promise<LedgerRecord[]> {
  const { records, problems } = await readLedger(ledgerPath(fixture.workspace.root));
  expect(problems).toEqual([]);
  return records.filter((record) => record.runId === run);
}

describe('three modules', { timeout: 1_200_000 }, () => {
  let report: OptimizeReport;
  beforeAll(async () => {
    report = await optimize(await request());
  }, 1_200_000);

  it('finds a gain in each and in all together', () => {
    expect(report.modules.map(({ module, best }) => [module, best !== null])).toEqual([
      ['construction', true],
      ['search', true],
      ['refinement', true],
    ]);
    expect(report.best?.gain.low).toBeGreaterThan(0);
    const single = report.modules.map(({ best }) => best!.gain.value);
    expect(report.best!.gain.value).toBeGreaterThan(Math.max(...single));
    expect(report.speedup.length).toBeGreaterThan(1);
  });

  it('minimises: the remark carries nothing', () => {
    for (const { best } of report.modules) {
      expect(best?.program).toBe('plain');
      expect(best?.parts.map(({ part }) => part)).toEqual(['plain']);
    }
  });

  it('proposes the workspace without its handicaps', async () => {
    const patch = await readFile(report.best!.patch, 'utf8');
    for (const { handicapped, plain } of handicaps) {
      expect(patch).toContain(plain);
      expect(patch.split('\n').some((l) => l.startsWith('-') && l.includes(handicapped.slice(0, 30)))).toBe(
        true,
      );
    }
    expect(patch).not.toContain(remark.text.trim());
  });

  it('measures construction on the head and on the whole, costs and throughput with the total', async () => {
    const records = await recordsOf(report.run);
    const built = records.find((r) => r.type === 'judgement' && r.candidateId === 'g1c1');
    expect(built?.type === 'judgement' && built.trials.map(({ rows }) => rows)).toEqual([5000, 6000]);
    const total = records.find((r) => r.type === 'total');
    expect(total?.type === 'total' && total.trials[0]?.throughput?.[0]?.threads).toBe(2);
    expect(records.filter((r) => r.type === 'module-end')).toHaveLength(3);
    expect(records.at(-1)).toMatchObject({ type: 'run-end', status: 'done', applied: false });
  });

  it('a run cut off after any record goes on and judges nothing twice', async () => {
    const path = ledgerPath(fixture.workspace.root);
    const whole = await readFile(path, 'utf8');
    const lines = whole.split('\n').filter((line) => line !== '');
    // Cut off right after the first judgement of the last module: two are done, one is half judged.
    const at = lines.findIndex((line) => line.includes('"type":"judgement"') && line.includes('"g3c'));
    await writeFile(path, `${lines.slice(0, at + 1).join('\n')}\n`);
    const again = await optimize(await request({ resume: report.run }));
    expect(again.candidates.map(({ id, patchHash }) => [id, patchHash])).toEqual(
      expect.arrayContaining(report.candidates.map(({ id, patchHash }) => [id, patchHash])),
    );
    expect(again.best?.patchHash).toBe(report.best?.patchHash);
    const judged = (await recordsOf(report.run)).flatMap((r) =>
      r.type === 'judgement' ? [r.candidateId] : [],
    );
    expect(judged.toSorted()).toEqual(['g1c1', 'g1c2', 'g2c1', 'g2c2', 'g3c1', 'g3c2']);
  });
});

describe('several datasets', { timeout: 1_200_000 }, () => {
  it('optimizes on two at once and reports the one held out', async () => {
    const second = await importClusters(fixture, 'more-clusters', 3000, 32);
    const third = await importClusters(fixture, 'other-clusters', 3000, 16);
    const report = await optimize(
      await request({
        modules: ['search'],
        policy: policyOf(['plain']),
        group: 1,
        datasets: [fixture.dataset, second],
        heldOut: [third],
        aggregate: 'worst',
      }),
    );
    expect(report.best?.trials.map(({ dataset, heldOut }) => [dataset, heldOut])).toEqual([
      [fixture.dataset.name, false],
      ['more-clusters', false],
      ['other-clusters', true],
    ]);
    const gains = report.best!.trials.filter((t) => !t.heldOut).map((t) => t.comparison.logRatio.value);
    expect(report.best!.gain.value).toBe(Math.min(...gains));
  });
});
