/** The whole loop with the real compiler and harness: honest candidates win, broken ones are named and cost nothing. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath, summariseRuns } from '../../src/engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { type OptimizeRequest, optimize } from '../../src/engine/optimizer.ts';
import { catalogue } from '../../src/engine/policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from '../../src/engine/policy/playbook/playbookPolicy.ts';
import type { OptimizeReport } from '../../src/protocol/optimize.ts';
import type { FileTexts } from '../../src/protocol/policy.ts';
import { createFixture, type Fixture, scriptedPolicy } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture?.remove());

const searchFile = 'include/hnsw/search.h';

/** The search module with one place replaced; the place must be there once. */
function changed(from: string, to: string): FileTexts {
  const text = fixture.workspace.files.get(searchFile)!;
  expect(text.split(from).length, `"${from}" stands once in ${searchFile}`).toBe(2);
  return new Map([[searchFile, text.replace(from, to)]]);
}

function request(more: Partial<OptimizeRequest> & Pick<OptimizeRequest, 'policy'>): OptimizeRequest {
  const { services, workspace, dataset, locate } = fixture;
  return {
    services,
    workspace,
    datasets: [dataset],
    heldOut: [],
    aggregate: 'geomean',
    budgetSeconds: undefined,
    locate,
    modules: ['search'],
    group: 8,
    rounds: 1,
    seed: 1,
    apply: 'none',
    signal: new AbortController().signal,
    ...more,
  };
}

/** Living children of this process, and theirs. */
function descendants(): string[] {
  const lines = spawnSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).stdout.split('\n');
  const processes = lines.flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    return match === null || match[3]!.startsWith('Z')
      ? []
      : [{ pid: match[1]!, parent: match[2]!, args: match[4]! }];
  });
  const below = (pid: string): string[] =>
    processes.filter((p) => p.parent === pid).flatMap((p) => [p.args, ...below(p.pid)]);
  return below(String(process.pid)).filter((args) => !args.startsWith('ps '));
}

/** What runs left in the temporary folder, which the fixture has to itself. */
function leftovers(): string[] {
  return readdirSync(tmpdir());
}

describe('broken candidates', () => {
  let report: OptimizeReport;
  const inLoop = 'const float d = distance(id);';
  const atEnd = 'return pool_.Sorted();';
  beforeAll(async () => {
    const cases: [string, FileTexts][] = [
      ['does not compile', changed(inLoop, 'const float d = distanse(id);')],
      [
        'crashes',
        changed(
          inLoop,
          'const float d = distance(id); if (id % 7 == 3) *static_cast<volatile int*>(nullptr) = 1;',
        ),
      ],
      [
        'loops forever',
        changed(inLoop, 'const float d = distance(id); while (d >= 0) { asm volatile("" ::: "memory"); }'),
      ],
      [
        'allocates without end',
        changed(
          atEnd,
          'for (volatile std::size_t i = 0;; i = i + 1) { auto* page = new char[1 << 20]; std::fill(page, page + (1 << 20), char(1)); } return pool_.Sorted();',
        ),
      ],
      [
        'throws away its answers',
        changed(atEnd, 'auto& found = pool_.Sorted(); for (auto& node : found) node.id = 0; return found;'),
      ],
      [
        'returns ids out of range',
        changed(
          atEnd,
          'auto& found = pool_.Sorted(); for (auto& node : found) node.id += 100000000u; return found;',
        ),
      ],
      [
        'looks at half of the neighbours',
        changed('i < neighbours.size(); ++i', 'i < neighbours.size() / 4; ++i'),
      ],
      [
        'reaches out of the workspace',
        changed('#include <algorithm>', '#include <algorithm>\n#include "../../../../etc/passwd"'),
      ],
    ];
    report = await optimize(
      request({ policy: scriptedPolicy(cases.map(([name, files]) => ({ name, files }))) }),
    );
    expect(leftovers()).toEqual([]);
  });
  const verdictOf = (program: string) => report.candidates.find((c) => c.program === program)?.verdict;

  it.each([
    ['does not compile', 'does-not-compile', /search\.h:\d+:\d+: .*distanse/],
    ['crashes', 'crash', /SIGSEGV/],
    ['loops forever', 'timeout', /./],
    ['allocates without end', /^(memory|timeout|crash)$/, /./],
    ['throws away its answers', 'wrong-answers', /duplicate/],
    ['returns ids out of range', /^(wrong-answers|crash)$/, /./],
    ['looks at half of the neighbours', 'recall', /recall/],
    ['reaches out of the workspace', 'cheat', /leads out of the workspace/],
  ] as const)('%s', (program, reason, detail) => {
    const verdict = verdictOf(program);
    expect(verdict?.kind).toBe('rejected');
    if (verdict?.kind !== 'rejected') return;
    expect(verdict.reason).toMatch(reason);
    expect(verdict.detail).toMatch(detail);
  });

  it('nothing is proposed, everything is in the ledger, no process is left', async () => {
    expect(report.best).toBeNull();
    const { records, problems } = await readLedger(ledgerPath(fixture.workspace.root));
    expect(problems).toEqual([]);
    const [run] = summariseRuns(records);
    expect(run).toMatchObject({ status: 'done', best: [] });
    expect(run?.candidates.map((c) => c.reward)).toHaveLength(8);
    expect(run?.candidates.every((c) => c.reward !== null && c.reward <= -0.5)).toBe(true);
    expect(descendants()).toEqual([]);
  });

  it('the workspace is as it was', async () => {
    const { root, files } = fixture.workspace;
    expect(await readFile(join(root, searchFile), 'utf8')).toBe(files.get(searchFile));
  });
});

describe('the playbook', () => {
  it('proposes the same patches for the same seed, and judges them', { timeout: 400_000 }, async () => {
    const syntax = await createCppSyntax();
    const policy = createPlaybookPolicy({ catalogue, syntax });
    const first = await optimize(request({ policy, group: 3, stopAfter: 'groups' }));
    const again: (string | null)[] = [];
    for (const seed of [1, 2]) {
      const { candidates } = await optimize(request({ policy, group: 2, seed, stopAfter: 'groups' }));
      again.push(...candidates.map((c) => c.patchHash));
    }
    expect(
      first.candidates.map((c) => c.verdict.kind).every((kind) => kind === 'accepted' || kind === 'rejected'),
    ).toBe(true);
    expect(first.candidates.every((c) => c.patchHash !== null)).toBe(true);
    const hashes = new Set(first.candidates.map((c) => c.patchHash));
    expect(again.slice(0, 2).every((hash) => hashes.has(hash))).toBe(true);
    expect(again.slice(2).some((hash) => !hashes.has(hash))).toBe(true);
  });
});

describe('cancelling', () => {
  it('ends the run, leaves no process, and says so in the ledger', async () => {
    const controller = new AbortController();
    const services = {
      ...fixture.services,
      reporter: {
        progress: ({ stage }: { stage: string }) => {
          if (stage === 'screen') controller.abort();
        },
      },
    };
    const policy = createPlaybookPolicy({ catalogue, syntax: await createCppSyntax() });
    await expect(
      optimize(request({ policy, services, group: 2, signal: controller.signal })),
    ).rejects.toThrow();
    const { records } = await readLedger(ledgerPath(fixture.workspace.root));
    expect(summariseRuns(records).at(-1)?.status).toBe('cancelled');
    expect(descendants()).toEqual([]);
  });
});
