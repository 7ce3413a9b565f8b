/** The reward endpoint's judge over the real compiler and harness: what a trainer gets for completions, and what it leaves in the ledger. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withJudge } from '../../src/engine/judge.ts';
import { readLedger } from '../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../src/engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { type LedgerRecord, recordsOf } from '../../src/protocol/ledger.ts';
import type { Rewarded } from '../../src/protocol/rewards.ts';
import { recorded } from '../modelServer/recorded.ts';
import { createFixture, type Fixture } from './fixture.ts';

const policy = { id: 'my-model', version: 'step-12' };
const unparsable = 'Have you tried a faster machine?';

let fixture: Fixture;
/** `retold`: the code of `good` under other prose; `recommented`: with another comment in it. */
let texts: Record<'good' | 'retold' | 'recommented' | 'wrong' | 'broken', string>;
beforeAll(async () => {
  fixture = await createFixture();
  const [good, wrong, broken] = await recorded('good-prefetch', 'wrong', 'not-compiling');
  texts = {
    good: good!,
    retold: rewritten(good!, 'Prefetch the beginning of the next row', 'Ask early for more of the next row'),
    recommented: rewritten(
      good!,
      '/// Bytes of a row to ask for ahead;',
      '/// How much to ask for ahead, in bytes;',
    ),
    wrong: wrong!,
    broken: broken!,
  };
});
afterAll(() => fixture?.remove());

function rewritten(text: string, from: string, to: string): string {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`the completion does not say: ${from}`);
  return other;
}

async function judging<T>(work: Parameters<typeof withJudge<T>>[1]): Promise<T> {
  const { services, workspace, dataset, locate } = fixture;
  return withJudge(
    {
      services,
      workspace,
      datasets: [dataset],
      locate,
      syntax: await createCppSyntax(),
      modules: ['search'],
      aggregate: 'geomean',
      seed: 1,
      signal: new AbortController().signal,
    },
    work,
  );
}

async function ledgerOf(run: string): Promise<LedgerRecord[]> {
  const { records, problems } = await readLedger(ledgerPath(fixture.workspace.root));
  expect(problems).toEqual([]);
  return records.filter(({ runId }) => runId === run);
}

const named = (...list: readonly string[]) => list.map((text, i) => ({ id: `mine-${i}`, text }));

describe('a server that is asked, and asked again', () => {
  let run: string;
  let first: Rewarded[];
  let joined: Rewarded[];
  let later: Rewarded[];
  let records: LedgerRecord[];
  beforeAll(async () => {
    await judging(async (judge) => {
      run = judge.runId;
      const asked = judge.reward(
        'search',
        [
          { id: 'slow', text: texts.wrong, tokenIds: [3, 1], logprobs: [-0.5, -0.25] },
          ...named(texts.broken, texts.good, unparsable, texts.retold),
        ],
        policy,
      );
      expect(judge.pending).toBe(5);
      expect(judge.newAmong('search', [texts.good, 'another'])).toBe(1);
      // While that is under way: nothing of it is new, or its code is not.
      [first, joined, later] = await Promise.all([
        asked,
        judge.reward('search', named(unparsable, texts.good, texts.good)),
        judge.reward('search', named(texts.recommented)),
      ]);
      expect(judge.pending).toBe(0);
    });
    records = await ledgerOf(run);
  }, 300_000);

  it('rewards in the order of the request, under the names of the caller', () => {
    expect(first.map(({ id }) => id)).toEqual(['slow', 'mine-0', 'mine-1', 'mine-2', 'mine-3']);
    const [wrong, broken, good, empty] = first;
    expect(wrong).toMatchObject({ reward: -1, gain: null });
    expect(wrong?.check).not.toBeNull();
    expect(broken).toMatchObject({ reward: -1, gain: null, verdict: 'does-not-compile' });
    expect(broken?.detail).toContain('degree');
    expect(empty).toMatchObject({ reward: -1, gain: null, verdict: 'does-not-parse' });
    expect(good?.gain).not.toBeNull();
    expect(good?.reward).toBeGreaterThan(-0.5);
    expect(new Set(first.map(({ hash }) => hash)).size).toBe(5);
  });

  it('judges a text once that is asked for several times at once', () => {
    const { id: _, ...good } = first[2]!;
    expect(joined[1]).toEqual({ id: 'mine-1', ...good });
    expect(joined[2]).toEqual({ id: 'mine-2', ...good });
    expect(joined[0]).toMatchObject({ id: 'mine-0', verdict: 'does-not-parse' });
    expect(recordsOf(records, 'judgement')).toHaveLength(6);
  });

  it('measures code once, however it is told of: its twins are worth the same', () => {
    const { id: _, hash, ...good } = first[2]!;
    expect(first[4]).toEqual({ id: 'mine-3', hash: expect.not.stringMatching(hash) as string, ...good });
    expect(later).toEqual([{ id: 'mine-0', hash: expect.not.stringMatching(hash) as string, ...good }]);
    const judgements = recordsOf(records, 'judgement');
    const twins = judgements.filter(({ sameAs }) => sameAs !== undefined);
    expect(twins.map(({ candidateId, sameAs }) => [candidateId, sameAs])).toEqual([
      ['g1c5', 'g1c3'],
      ['g2c1', 'g1c3'],
    ]);
    const measured = judgements.find(({ candidateId }) => candidateId === 'g1c3')!;
    expect(measured.timings['screen']).toBeGreaterThan(0);
    for (const { timings, trials, reward } of twins) {
      expect(timings).toEqual({});
      expect({ trials, reward }).toEqual({ trials: measured.trials, reward: measured.reward });
    }
  });

  it('logs a request as one group, with what sampled it, and ends the run', () => {
    expect(records.map(({ type }) => type)).toEqual([
      'run',
      'group',
      ...Array.from({ length: 5 }, () => 'completion'),
      ...Array.from({ length: 5 }, () => 'judgement'),
      'group-end',
      ...['group', 'completion', 'judgement', 'group-end'],
      'run-end',
    ]);
    const [group] = recordsOf(records, 'group');
    expect(group).toMatchObject({ groupId: 'g1', module: 'search', policy, completions: 5 });
    const completions = recordsOf(records, 'completion');
    const { wrong, broken, good, retold, recommented } = texts;
    expect(completions.map(({ text }) => text)).toEqual([
      ...[wrong, broken, good, unparsable, retold],
      recommented,
    ]);
    expect(completions[0]).toMatchObject({ tokenIds: [3, 1], logprobs: [-0.5, -0.25] });
    expect(completions[3]).toMatchObject({ patch: null, unusable: { reason: 'does-not-parse' } });
    const [end] = recordsOf(records, 'group-end');
    expect(end?.rewards).toEqual(Object.fromEntries(first.map(({ reward }, i) => [`g1c${i + 1}`, reward])));
    expect(end?.advantages?.['g1c3']).toBeGreaterThan(0);
    expect(end?.advantages?.['g1c5']).toBe(end?.advantages?.['g1c3']);
    expect(recordsOf(records, 'run-end')[0]).toMatchObject({ status: 'done', applied: false });
  });

  it('knows as a server of its own, later, what was judged, and measures nothing again', async () => {
    const token = 'a-token-of-some-length';
    const server = await startServer(token);
    try {
      const ask = (body: object, bearer = token) =>
        fetch(`${server.url}/v1/rewards`, {
          method: 'POST',
          headers: { authorization: `Bearer ${bearer}` },
          body: JSON.stringify(body),
        });
      expect((await ask({ completions: named('x') }, 'wrong')).status).toBe(401);
      const answer = await ask({ completions: named(texts.good, texts.broken) });
      expect(answer.status).toBe(200);
      const { id: _, ...good } = first[2]!;
      const { id: __, ...broken } = first[1]!;
      expect(await answer.json()).toEqual({
        version: 1,
        run: server.run,
        rewards: [
          { id: 'mine-0', ...good },
          { id: 'mine-1', ...broken },
        ],
      });
      expect(server.run).not.toBe(run);
      expect((await ledgerOf(server.run)).map(({ type }) => type)).toEqual(['run']);
    } finally {
      server.process.kill('SIGINT');
      await server.ended;
    }
    expect(server.process.exitCode).toBe(0);
    expect((await ledgerOf(server.run)).map(({ type }) => type)).toEqual(['run', 'run-end']);
  }, 300_000);
});

interface Served {
  readonly url: string;
  readonly run: string;
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
}

/** `annsmith serve-rewards` over the fixture, once it says where it listens. */
async function startServer(token: string): Promise<Served> {
  const cli = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
  const args = ['serve-rewards', '--workspace', fixture.workspace.root, '--module', 'search', '--json'];
  const served = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, ANNSMITH_REWARD_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(served, 'exit');
  // One line, or none where the server could not start.
  for await (const line of createInterface({ input: served.stdout })) {
    const { url, run } = JSON.parse(line) as { url: string; run: string };
    return { url, run, process: served, ended };
  }
  throw new Error('the server ended before it said where it listens');
}
