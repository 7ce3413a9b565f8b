import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/engine/errors.ts';
import type { SamplePlan } from '../../../src/engine/grpoSampling.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import type { PolicyStore } from '../../../src/engine/policyStore.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { recordsOf } from '../../../src/protocol/ledger.ts';
import { logRun, madeUpReward } from './loggedRuns.ts';
import { madeUpSampling, rounds, storeIn } from './madeUpRounds.ts';
import { randomNetwork } from './playbookTask.ts';

let root: string;
let folder: string;
let store: PolicyStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-rounds-'));
  folder = join(root, 'data');
  store = storeIn(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('no error'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error.code;
  throw error;
}

function log(version: string, changes: Partial<Parameters<typeof logRun>[0]> = {}): Promise<void> {
  return logRun({
    root,
    runId: `logged-${version}`,
    version,
    seed: 3,
    groups: 2,
    reward: madeUpReward,
    ...changes,
  });
}

describe('online rounds', () => {
  it('sample, train, compare and promote; each starts from the version before', async () => {
    const seen: string[] = [];
    const report = await rounds(root, store, {
      rounds: 3,
      sample: madeUpSampling(root, store, { onPlan: ({ version }) => void seen.push(version) }),
    });
    expect(report.rounds).toHaveLength(3);
    const [first, second] = report.rounds;
    expect(first!.from).toBe(store.priorVersion);
    expect(first!.groups.used).toBe(2);
    expect(first!.training).toMatchObject({ groups: 2, completions: 16, validFraction: 1 });
    expect(first!.training!.kl).toBeGreaterThan(0);
    expect(first!.training!.loss).toBeLessThan(first!.training!.lossBefore);
    expect(first!.version).toMatch(/^pb-1-[0-9a-f]{8}$/);
    expect(first!.runs).toHaveLength(2);
    expect(first!.datasets).toEqual(['d']);
    expect(seen.slice(0, 2)).toEqual([store.priorVersion, first!.version]);
    const promotedAfterFirst = first!.promoted ? first!.version : store.priorVersion;
    expect(second!.from).toBe(promotedAfterFirst);
    // Groups that the new version was compared by are its own, and are trained on next.
    if (first!.promoted) expect(second!.groups.used).toBe(3);
    expect(report.version).toBe(store.promotedVersion);
    const logged = recordsOf((await readLedger(ledgerPath(root))).records, 'group');
    expect(logged.map(({ policy }) => policy.version)).toContain(first!.version);
    expect(await store.rounds()).toEqual(report.rounds);
  });

  it('do not promote what does worse than before by more than the noise', async () => {
    const sample = madeUpSampling(root, store, {
      reward: (tokenIds, { version }) => madeUpReward(tokenIds) - (version === store.priorVersion ? 0 : 2),
    });
    const report = await rounds(root, store, { sample });
    const [round] = report.rounds;
    expect(round!.promoted).toBe(false);
    expect(round!.why).toMatch(/^worse/);
    expect(round!.evaluation!.meanReward).toBeLessThan(round!.evaluation!.currentMeanReward);
    expect(report.version).toBe(store.priorVersion);
    // It is kept, and can be promoted by hand.
    await store.promote(round!.version!);
    expect(store.promotedVersion).toBe(round!.version);
  });

  it('leave what was promoted meanwhile', async () => {
    const { rounds: before } = await rounds(root, store, { promote: 'never', seed: 5 });
    const other = before[0]!.version!;
    const sample = madeUpSampling(root, store, {
      reward: (tokenIds, { version }) => madeUpReward(tokenIds) + (version === store.priorVersion ? 0 : 2),
      // By hand, while the new version is evaluated.
      onPlan: async ({ version }) => {
        if (version !== store.priorVersion) await store.promote(other);
      },
    });
    const { rounds: reports, version } = await rounds(root, store, { sample });
    expect(reports[0]).toMatchObject({ promoted: false, why: 'another version was promoted meanwhile' });
    expect(reports[0]!.evaluation!.notWorse).toBe(true);
    expect(version).toBe(other);
  });

  it('measure nothing more where promotion is off', async () => {
    const plans: SamplePlan[] = [];
    const sample = madeUpSampling(root, store, { onPlan: (plan) => void plans.push(plan) });
    const report = await rounds(root, store, { sample, promote: 'never' });
    expect(plans).toHaveLength(1);
    expect(report.rounds[0]).toMatchObject({ promoted: false, evaluation: null });
    expect(store.promotedVersion).toBe(store.priorVersion);
  });

  it('say how to go on where the disk is full', async () => {
    const sample = madeUpSampling(root, store, {
      onPlan: () => {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC', path: '/there' });
      },
    });
    await expect(rounds(root, store, { sample })).rejects.toMatchObject({
      code: 'disk-full',
      fix: expect.stringContaining('the same `annsmith grpo` again') as string,
    });
  });

  it('end with the reason where all groups were of equal rewards', async () => {
    const sample = madeUpSampling(root, store, { reward: () => 0.1 });
    expect(await codeOf(rounds(root, store, { sample, rounds: 2 }))).toBe('only-zero-variance');
    expect(store.promotedVersion).toBe(store.priorVersion);
    expect((await store.rounds()).map(({ training }) => training)).toEqual([null, null]);
  });
});

describe('an offline round', () => {
  it('trains on what is logged of the version that samples now', async () => {
    await log(store.priorVersion, { modules: ['search', 'refinement'] });
    await log('another');
    const plans: SamplePlan[] = [];
    const sample = madeUpSampling(root, store, { onPlan: (plan) => void plans.push(plan) });
    const { rounds: reports } = await rounds(root, store, { mode: 'offline', sample });
    expect(reports[0]!.groups).toEqual({
      used: 4,
      skipped: [{ reason: 'other-version', count: 2 }],
      repaired: 0,
    });
    expect(reports[0]!.perModule.map(({ module, groups }) => [module, groups])).toEqual([
      ['search', 2],
      ['refinement', 2],
    ]);
    // Only the new version is sampled, where the old one was.
    expect(plans.map(({ version, modules, datasets }) => [version, modules, datasets])).toEqual([
      [reports[0]!.version, ['search', 'refinement'], ['d']],
    ]);
  });

  it('compares with groups of the same code alone', async () => {
    await log(store.priorVersion, { modules: ['search', 'refinement'], baseHash: 'as it was' });
    await log(store.priorVersion, { runId: 'now', seed: 4, groups: 1, baseHash: 'now' });
    const sample = madeUpSampling(root, store, { baseHash: 'now' });
    const modules = ['search', 'refinement'] as const;
    const { rounds: reports } = await rounds(root, store, { mode: 'offline', modules, sample });
    expect(reports[0]!.evaluation).toMatchObject({ candidates: 16 });
    const { records } = await readLedger(ledgerPath(root));
    const groups = recordsOf(records, 'group').filter(
      ({ policy, baseHash }) => policy.version === store.priorVersion && baseHash === 'now',
    );
    // Of refinement there was none on this code: one is measured.
    expect(groups.map(({ module }) => module)).toEqual(['search', 'refinement']);
    const means = groups.map(({ runId, groupId }) => {
      const own = recordsOf(records, 'judgement').filter(
        (judged) => judged.runId === runId && judged.groupId === groupId,
      );
      return own.reduce((sum, { reward }) => sum + reward!.shaped, 0) / own.length;
    });
    expect(reports[0]!.evaluation!.currentMeanReward).toBeCloseTo((means[0]! + means[1]!) / 2, 9);
  });

  it.each([
    ['the code', { baseHash: 'as it was' }],
    ['the recall window', { window: [0.5, 0.6] as [number, number] }],
  ])('measures the version before as well where %s has changed since', async (_, changes) => {
    await log(store.priorVersion, changes);
    const plans: SamplePlan[] = [];
    const sample = madeUpSampling(root, store, { onPlan: (plan) => void plans.push(plan) });
    const { rounds: reports } = await rounds(root, store, { mode: 'offline', sample });
    expect(plans.map(({ version }) => version)).toEqual([reports[0]!.version, store.priorVersion]);
    expect(reports[0]!.evaluation).not.toBeNull();
    expect(reports[0]!.runs).toHaveLength(2);
  });

  it('goes on with the group to compare with where it was cut off in it', async () => {
    await log(store.priorVersion, { baseHash: 'as it was' });
    const plans: SamplePlan[] = [];
    const sample = (cutOff: boolean) =>
      madeUpSampling(root, store, {
        onPlan: (plan) => {
          plans.push(plan);
          if (cutOff && plan.version === store.priorVersion) throw new Error('cut off');
        },
      });
    await expect(rounds(root, store, { mode: 'offline', sample: sample(true) })).rejects.toThrow('cut off');
    const { rounds: reports } = await rounds(root, store, { mode: 'offline', sample: sample(false) });
    const begun = plans.map(({ version, resume }) => [version, resume !== undefined]);
    expect(begun).toEqual([
      [reports[0]!.version, false],
      [reports[0]!.from, false],
      [reports[0]!.from, true],
    ]);
  });

  it('measures the new version again where the code was edited between the two groups', async () => {
    await log(store.priorVersion, { baseHash: 'as it was' });
    const plans: SamplePlan[] = [];
    const onPlan = (plan: SamplePlan): void => void plans.push(plan);
    const cutOff = madeUpSampling(root, store, {
      baseHash: 'before the edit',
      onPlan: (plan) => {
        onPlan(plan);
        if (plan.version === store.priorVersion) throw new Error('cut off');
      },
    });
    await expect(rounds(root, store, { mode: 'offline', sample: cutOff })).rejects.toThrow('cut off');
    const sample = madeUpSampling(root, store, { baseHash: 'after the edit', onPlan });
    const { rounds: reports } = await rounds(root, store, { mode: 'offline', sample });
    const [made, from] = [reports[0]!.version, reports[0]!.from];
    expect(plans.map(({ version }) => version)).toEqual([made, from, from, made]);
    expect(reports[0]!.evaluation).not.toBeNull();
  });

  it('leaves an online round that was cut off to be gone on with, where it cannot train itself', async () => {
    const cutOff = madeUpSampling(root, store, {
      onPlan: () => {
        throw new Error('cut off');
      },
    });
    await expect(rounds(root, store, { sample: cutOff })).rejects.toThrow('cut off');
    expect(await codeOf(rounds(root, store, { mode: 'offline' }))).toBe('no-groups');
    const plans: SamplePlan[] = [];
    const sample = madeUpSampling(root, store, { onPlan: (plan) => void plans.push(plan) });
    await rounds(root, store, { sample });
    expect(plans[0]!.resume).toBeDefined();
  });

  it.each([
    ['no-groups', { version: 'another' }],
    ['only-zero-variance', { reward: () => 1 }],
    ['missing-logprobs', { withLogprobs: false }],
  ] as const)('says why it cannot train: %s', async (code, changes) => {
    await log(store.priorVersion, changes);
    await appendFile(ledgerPath(root), '{"v":2,"type":"gro');
    const before = await readFile(ledgerPath(root), 'utf8');
    const work = rounds(root, store, { mode: 'offline' });
    await expect(work).rejects.toThrow(/1 lines of the ledger: torn/);
    expect(await codeOf(work)).toBe(code);
    expect(await readFile(ledgerPath(root), 'utf8')).toBe(before);
    expect(store.promotedVersion).toBe(store.priorVersion);
    // A round that did nothing is not gone on with.
    const { rounds: reports } = await rounds(root, store);
    expect(reports[0]).toMatchObject({ mode: 'online', groups: { used: 2 } });
    expect(reports[0]!.training).not.toBeNull();
  });

  it('does not trust log-probabilities that the version does not give', async () => {
    // Logged under the prior's name, and drawn by something else.
    await log(store.priorVersion, { network: randomNetwork(seededRandom(5)) });
    const work = rounds(root, store, { mode: 'offline' });
    await expect(work).rejects.toThrow(/log-probabilities that this version does not give/);
  });
});

describe('a round that was cut off', () => {
  /** A round that has trained, and ends as it is about to evaluate. */
  async function cutOff(changes: Parameters<typeof rounds>[2] = {}): Promise<void> {
    const sample = madeUpSampling(root, store, {
      onPlan: ({ version }) => {
        if (version !== store.priorVersion) throw new Error('cut off');
      },
    });
    await expect(rounds(root, store, { sample, ...changes })).rejects.toThrow('cut off');
  }

  it('goes on from its last step after kill -9, with ledger and promoted version as they were', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'roundProcess.ts'), root, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let line = '';
    for await (line of createInterface({ input: child.stdout })) {
      child.kill('SIGKILL');
      break;
    }
    await exited;
    const [, version, evaluation] = /^evaluating (\S+) in (\S+)$/.exec(line)!;
    expect(store.promotedVersion).toBe(store.priorVersion);
    const before = await readLedger(ledgerPath(root));
    expect(before.problems).toEqual([]);

    const plans: SamplePlan[] = [];
    const sample = madeUpSampling(root, store, { onPlan: (plan) => void plans.push(plan) });
    const { rounds: reports } = await rounds(root, store, { sample });
    // Neither sampled nor trained again: the evaluation's run is gone on with.
    expect(plans.map(({ version: of, resume }) => [of, resume])).toEqual([[version, evaluation]]);
    expect(reports[0]!.version).toBe(version);
    expect(reports[0]!.from).toBe(store.priorVersion);
    const after = await readLedger(ledgerPath(root));
    expect(after.records.slice(0, before.records.length)).toEqual(before.records);
    // The round is done: the next one is another.
    const next = await rounds(root, store);
    expect(next.rounds[0]!.id).not.toBe(reports[0]!.id);
  }, 30_000);

  it('is reported too where it was cut off after its promotion', async () => {
    const path = join(root, '.annsmith', 'grpo', 'round.json');
    let kept = '';
    const sample = madeUpSampling(root, store, {
      onPlan: async ({ version }, evaluation) => {
        if (version === store.priorVersion) return;
        // The run's id is on its way to the file by now.
        kept = JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), evaluation });
      },
    });
    const { rounds: done } = await rounds(root, store, { sample });
    expect(done[0]!.promoted).toBe(true);
    // As if the process had ended between the promotion and the report.
    await rm(join(folder, 'rounds'), { recursive: true });
    await writeFile(path, kept);
    const sampleNothing = madeUpSampling(root, store, {
      onPlan: () => {
        throw new Error('nothing is left to be sampled');
      },
    });
    const { rounds: again } = await rounds(root, store, { sample: sampleNothing });
    expect(again).toEqual([{ ...done[0], seconds: again[0]!.seconds }]);
    expect(await store.rounds()).toHaveLength(1);
    expect(store.promotedVersion).toBe(done[0]!.version);
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
  });

  it('reports what it was trained on, whatever was logged since', async () => {
    await log(store.priorVersion);
    await cutOff({ mode: 'offline' });
    await log(store.priorVersion, { runId: 'since', seed: 9, modules: ['refinement'] });
    const plans: SamplePlan[] = [];
    const sample = madeUpSampling(root, store, { onPlan: (plan) => void plans.push(plan) });
    const { rounds: reports } = await rounds(root, store, { mode: 'offline', sample });
    expect(plans.map(({ modules }) => modules)).toEqual([['search']]);
    expect(reports[0]!.groups.used).toBe(2);
    expect(reports[0]!.perModule.map(({ module, groups }) => [module, groups])).toEqual([['search', 2]]);
    expect(reports[0]!.training).toMatchObject({ groups: 2 });
  });

  it('does not promote again what was rolled back since', async () => {
    const path = join(root, '.annsmith', 'grpo', 'round.json');
    const sample = madeUpSampling(root, store, {
      reward: (tokenIds, { version }) => madeUpReward(tokenIds) + (version === store.priorVersion ? 0 : 2),
      // A file where the folder of reports would be: the round ends after its promotion.
      onPlan: async ({ version }) => {
        if (version !== store.priorVersion) await writeFile(join(folder, 'rounds'), '');
      },
    });
    await expect(rounds(root, store, { sample })).rejects.toThrow(/EEXIST/);
    await rm(join(folder, 'rounds'));
    expect(store.promotedVersion).not.toBe(store.priorVersion);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ promoted: true });
    await store.rollBack();
    const { rounds: again } = await rounds(root, store, { sample });
    expect(again[0]).toMatchObject({ promoted: true });
    expect(store.promotedVersion).toBe(store.priorVersion);
  });

  it('is left where another version was promoted since', async () => {
    await cutOff();
    const other = await store.save(store.load(store.priorVersion), store.load(store.priorVersion), {
      metrics: store.facts((await store.list())[1]!.version)!.metrics,
      ledger: { workspace: 'w', runs: [], groups: [], from: '', to: '' },
    });
    await store.promote(other);
    const { rounds: reports } = await rounds(root, store);
    expect(reports[0]!.from).toBe(other);
  });

  it('goes on where modules and datasets are named as they were', async () => {
    await cutOff({ datasets: ['d'] });
    const path = join(root, '.annsmith', 'grpo', 'round.json');
    const { id } = JSON.parse(await readFile(path, 'utf8')) as { id: string };
    const { rounds: reports } = await rounds(root, store, { modules: ['search'], datasets: ['d'] });
    expect(reports[0]!.id).toBe(id);
  });

  it.each([
    ['group', { group: 4 }],
    ['groups', { groups: 1 }],
    ['mode', { mode: 'offline' }],
    ['promote', { promote: 'never' }],
    ['seed', { seed: 2 }],
    ['modules', { modules: ['refinement'] }],
    ['datasets', { datasets: ['e'] }],
  ] as const)('is left where another %s is asked for', async (_, changes) => {
    await cutOff();
    const path = join(root, '.annsmith', 'grpo', 'round.json');
    const { id } = JSON.parse(await readFile(path, 'utf8')) as { id: string };
    const { rounds: reports } = await rounds(root, store, changes);
    expect(reports[0]!.id).not.toBe(id);
  });
});
