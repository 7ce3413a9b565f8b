/** Language models as policies over the whole loop: a real HTTP server with recorded answers, the real compiler and harness. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../src/engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../src/engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../src/engine/module/cppSyntax.ts';
import { type Consent, openPolicy } from '../../src/engine/openPolicy.ts';
import { optimize } from '../../src/engine/optimizer.ts';
import { type LedgerRecord, type RecordOf, recordsOf } from '../../src/protocol/ledger.ts';
import { type ModelSettings, modelSettingsSchema } from '../../src/protocol/model.ts';
import type { CandidateReport, OptimizeReport } from '../../src/protocol/optimize.ts';
import type { Policy, PolicyPrompt } from '../../src/protocol/policy.ts';
import type { ModelServerOptions } from '../modelServer/behaviour.ts';
import { type ModelServer, startModelServer } from '../modelServer/modelServer.ts';
import { recorded } from '../modelServer/recorded.ts';
import { createFixture, type Fixture } from './fixture.ts';

/** Nowhere but in the header of a request. */
const canary = 'sk-canary-5f0d2c7b9e1a48366f';
const price = { prompt: 2.5, completion: 10 };

let fixture: Fixture;
const servers: ModelServer[] = [];
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await fixture?.remove();
});

async function serve(names: readonly string[], options: ModelServerOptions = {}): Promise<ModelServer> {
  return serveTexts(await recorded(...names), options);
}

async function serveTexts(search: string[], options: ModelServerOptions = {}): Promise<ModelServer> {
  const server = await startModelServer({ completions: { search }, key: canary, ...options });
  servers.push(server);
  return server;
}

interface Asked {
  readonly spec?: string;
  readonly settings?: Partial<ModelSettings>;
  readonly consent?: Consent;
  readonly onLine?: (line: string) => void;
}

async function policyOf({ baseUrl }: ModelServer, asked: Asked = {}): Promise<Policy> {
  const { workspace, services } = fixture;
  return openPolicy(asked.spec ?? 'openai:test-model', {
    settings: modelSettingsSchema.parse({ pricePerMillion: price, ...asked.settings }),
    environment: { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: canary },
    clock: services.clock,
    consent: asked.consent ?? (() => Promise.reject(new Error('nobody asks for what stays on this machine'))),
    onLine: asked.onLine ?? (() => undefined),
    syntax: await createCppSyntax(),
    root: workspace.root,
    manifest: workspace.manifest,
  });
}

function run(policy: Policy, group: number, rounds: number): Promise<OptimizeReport> {
  const { services, workspace, dataset, locate } = fixture;
  return optimize({
    services,
    workspace,
    datasets: [dataset],
    heldOut: [],
    aggregate: 'geomean',
    budgetSeconds: undefined,
    locate,
    modules: ['search'],
    policy,
    group,
    rounds,
    seed: 1,
    apply: 'none',
    // Nothing here is about winners.
    stopAfter: 'groups',
    signal: new AbortController().signal,
  });
}

async function recordsOfRun(id: string): Promise<LedgerRecord[]> {
  const { records, problems } = await readLedger(ledgerPath(fixture.workspace.root));
  expect(problems).toEqual([]);
  return records.filter(({ runId }) => runId === id);
}

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** The order of the bundled search: what `wasteful` turns round. */
const testedFirst = `        if (!visited_.Insert(id)) continue;
        const float d = distance(id);
`;
const testedLast = `        const float d = distance(id);
        if (!visited_.Insert(id)) continue;
`;

/** A search that computes the distances of nodes it has met before, so that what mends it is faster on any machine. */
async function wasteful(root: string): Promise<void> {
  const path = join(root, 'include/hnsw/search.h');
  const text = await readFile(path, 'utf8');
  expect(text).toContain(testedFirst);
  await writeFile(path, text.replace(testedFirst, testedLast));
}

const mended = `## Performance Analysis
The loop computes the distance of every neighbour, and throws it away where the neighbour was met before.

## Algorithm Design
Ask the visited set first, and compute the distances of new nodes only. The answers stay the same.

## Code Implementation
\`\`\`cpp
FILE: include/hnsw/search.h
<<<<<<< SEARCH
${testedLast}=======
${testedFirst}>>>>>>> REPLACE
\`\`\`
`;

describe('a run of two rounds with a model', () => {
  let shared: Fixture;
  let server: ModelServer;
  let report: OptimizeReport;
  let records: LedgerRecord[];
  const lines: string[] = [];
  const candidate = (id: string): CandidateReport => report.candidates.find((c) => c.id === id)!;
  const completion = (id: string): RecordOf<'completion'> =>
    recordsOf(records, 'completion').find(({ candidateId }) => candidateId === id)!;
  beforeAll(async () => {
    shared = fixture;
    fixture = await createFixture(wasteful);
    // The fifth answer is the second try for the one that does not compile, and does not either.
    const others = await recorded('good-prefetch', 'wrong', 'not-compiling', 'not-compiling');
    server = await serveTexts([mended, ...others]);
    const policy = await policyOf(server, { onLine: (line) => lines.push(line) });
    report = await run(policy, 4, 2);
    records = await recordsOfRun(report.run);
  }, 300_000);
  afterAll(async () => {
    await fixture.remove();
    fixture = shared;
  });

  it('judges the answers as candidates', () => {
    expect(candidate('g1c1').verdict).toMatchObject({ kind: 'accepted' });
    expect(candidate('g1c1').reward).toBeGreaterThan(0);
    // Right in every way; whether it is faster on this little data is for the clock to say.
    const { verdict } = candidate('g1c2');
    if (verdict.kind !== 'accepted') expect(verdict).toMatchObject({ kind: 'rejected', reason: 'slower' });
    expect(candidate('g1c3').verdict).toMatchObject({ kind: 'rejected' });
    expect(candidate('g1c3').reward).toBeLessThanOrEqual(-1);
    expect(candidate('g1c4').verdict).toMatchObject({ kind: 'rejected', reason: 'does-not-compile' });
    expect(candidate('g1c4').reward).toBe(-1);
  });

  it('asks once more, with the errors of the compiler, and counts it', () => {
    const { answer } = completion('g1c4');
    expect(answer?.repaired).toMatchObject({ reason: 'does-not-compile' });
    expect(report.usage?.requests).toBe(server.requests.length);
    const second = server.requests.find(({ body }) => body.messages.length > 2)!;
    expect(second.body.messages.at(-2)?.role).toBe('assistant');
    expect(second.body.messages.at(-1)?.content).toContain(answer!.repaired!.why);
  });

  it('logs tokens with their probabilities, what was sent, and what was used', () => {
    const { tokenIds, logprobs, answer } = completion('g1c1');
    expect(logprobs.length).toBeGreaterThan(10);
    expect(logprobs.every((logprob) => logprob <= 0)).toBe(true);
    expect([0, logprobs.length]).toContain(tokenIds.length);
    expect(answer).toMatchObject({ finish: 'stop' });
    expect(answer?.analysis.length).toBeGreaterThan(20);
    expect(answer?.design.length).toBeGreaterThan(20);
    const [first] = recordsOf(records, 'group');
    expect(first?.policy).toEqual({ id: 'openai:test-model', version: 'contrastive-1' });
    expect(first?.sampling).toMatchObject({ group: 4, temperature: 1, maxTokens: 8192 });
    expect(first?.prompt['messages']).toEqual(server.requests[0]?.body.messages);
    expect(report.usage?.promptTokens).toBeGreaterThan(1000);
    expect(report.usage?.completionTokens).toBeGreaterThan(100);
    const { promptTokens, completionTokens, cost } = report.usage!;
    expect(cost).toBeCloseTo((promptTokens * price.prompt + completionTokens * price.completion) / 1e6, 9);
  });

  it('shows candidates of round 1 in the prompt of round 2, with their scores, and what failed', () => {
    const group = recordsOf(records, 'group').find(({ round }) => round === 2)!;
    const prompt = group.prompt as unknown as PolicyPrompt;
    expect(prompt.exemplars.length).toBeGreaterThan(0);
    const measured = report.candidates.filter(({ verdict }) => verdict.kind === 'accepted');
    for (const id of prompt.exemplars) expect(measured.map((c) => `${report.run}/${c.id}`)).toContain(id);
    const text = prompt.messages.map(({ content }) => content).join('\n');
    const [shown] = prompt.exemplars;
    const patch = completion(shown!.split('/').at(-1)!).patch!;
    const added = patch.split('\n').filter((line) => /^\+\s*\w/.test(line));
    expect(added.length).toBeGreaterThan(0);
    for (const line of added) expect(text).toContain(line);
    expect(text).toContain('it does not compile');
  });

  it('does not measure twins twice', () => {
    const twins = recordsOf(records, 'judgement').filter(({ sameAs }) => sameAs !== undefined);
    expect(twins.length).toBeGreaterThan(0);
    for (const { timings } of twins) expect(timings['screen']).toBeUndefined();
  });

  it('streams answers as lines', () => {
    expect(lines.some((line) => line.includes('Performance Analysis'))).toBe(true);
  });

  it('keeps the key out of the ledger, of the files of the run and of what is sent but the header', () => {
    const kept = filesBelow(join(fixture.workspace.root, '.annsmith'));
    expect(kept.length).toBeGreaterThan(3);
    for (const path of kept) expect(readFileSync(path, 'latin1')).not.toContain(canary);
    for (const { text, headers } of server.requests) {
      expect(text).not.toContain(canary);
      expect(headers.authorization).toBe(`Bearer ${canary}`);
    }
    expect([...lines, ...fixture.warnings].join('\n')).not.toContain(canary);
  });
});

describe('answers that cheat get no reward', () => {
  const cheats = ['cheat-cache', 'cheat-thread', 'cheat-k', 'cheat-clock'];
  let report: OptimizeReport;
  beforeAll(async () => {
    report = await run(await policyOf(await serve(cheats)), cheats.length, 1);
  }, 300_000);

  it.each(cheats.map((name, i) => [name, `g1c${i + 1}`]))('%s', (_, id) => {
    const { verdict, reward } = report.candidates.find((candidate) => candidate.id === id)!;
    expect(verdict).toMatchObject({ kind: 'rejected' });
    expect(reward).toBeLessThanOrEqual(-1);
  });
});

describe('answers that cannot be used', () => {
  it('are asked for once more, and refused with a reason', async () => {
    // The third answer is the second try.
    const server = await serve(['ambiguous', 'good-visited', 'good-visited'], {
      logprobs: 'refused',
      n: 'refused',
    });
    const report = await run(await policyOf(server), 2, 1);
    const records = recordsOf(await recordsOfRun(report.run), 'completion');
    const repaired = records.filter(({ answer }) => answer?.repaired !== undefined);
    expect(repaired).toHaveLength(1);
    expect(repaired[0]?.answer?.repaired?.reason).toBe('does-not-apply');
    expect(repaired[0]?.answer?.repaired?.why).toMatch(/line/);
    expect(repaired[0]?.patch).toContain('include/hnsw/search.h');
    // What the policy wrote first is what it is rewarded for.
    const { reward } = report.candidates.find(({ id }) => id === repaired[0]?.candidateId)!;
    expect(reward).toBe(-1);
    expect(records.every(({ logprobs }) => logprobs.length === 0)).toBe(true);
  }, 200_000);

  it('are not used in part where the stream broke off', async () => {
    const server = await serve(['good-prefetch'], {
      n: 'refused',
      script: [
        { kind: 'truncate', after: 'text' },
        { kind: 'truncate', after: 'text' },
      ],
    });
    const report = await run(await policyOf(server), 2, 1);
    const completions = recordsOf(await recordsOfRun(report.run), 'completion');
    expect(completions.length).toBeGreaterThan(0);
    const cut = completions.filter(
      ({ answer }) => answer?.finish === 'cut' || answer?.repaired?.reason === 'does-not-parse',
    );
    expect(cut.length).toBeGreaterThan(0);
  }, 200_000);
});

describe('what a run may spend and send', () => {
  it('ends where the budget does, before anything is sent over it', async () => {
    const server = await serve(['good-prefetch']);
    const policy = await policyOf(server, { settings: { tokenBudget: 500 } });
    await expect(run(policy, 2, 1)).rejects.toMatchObject({ code: 'model-budget' });
    expect(server.requests).toHaveLength(0);
  }, 100_000);

  it('sends nothing without consent, and names endpoint and files when it asks', async () => {
    const server = await serve(['good-prefetch']);
    const asked: Parameters<Consent>[0][] = [];
    const policy = await policyOf(server, {
      // Resolves to nothing here; it is never reached.
      settings: { baseUrl: 'https://models.example.org/v1' },
      consent: async (question) => {
        asked.push(question);
        return false;
      },
    });
    await expect(run(policy, 2, 1)).rejects.toMatchObject({ code: 'no-consent' });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ endpoint: 'https://models.example.org', root: fixture.workspace.root });
    expect(asked[0]?.files).toContain('include/hnsw/search.h');
  }, 100_000);

  it('takes groups whole from one policy of a mix, each of them once first', async () => {
    const server = await serve(['good-visited', 'good-prefetch']);
    const policy = await policyOf(server, { spec: 'openai:test-model,playbook' });
    const report = await run(policy, 2, 2);
    const groups = recordsOf(await recordsOfRun(report.run), 'group').map((group) => group.policy.id);
    expect(groups.toSorted()).toEqual(['openai:test-model', 'playbook']);
    expect(new Set(report.candidates.map((candidate) => candidate.policy)).size).toBe(2);
  }, 300_000);
});
