/** `annsmith mcp` as an agent meets it: the SDK's own client over stdio, the real command, the real cascade. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentRules } from '../../../src/protocol/agentText.ts';
import type { ProposalOutcome } from '../../../src/protocol/engine.ts';
import { createFixture, type Fixture, importClusters } from '../../engine/fixture.ts';
import { type Connected, connect, textOf } from './connect.ts';

const searchFile = 'include/hnsw/search.h';
const inLoop = 'const float d = distance(id);';
/** Milliseconds, for a machine that is busy: alone it takes a tenth of it. */
const patience = 400_000;
const waste = 'for (volatile int waste = 0; waste < 60; waste = waste + 1) {}';

let fixture: Fixture;
let agent: Connected;
beforeAll(async () => {
  fixture = await createFixture();
  await importClusters(fixture, 'few', 3000, 24);
  await handicap(fixture.workspace.root);
  agent = await connect(fixture.workspace.root);
});
afterAll(async () => {
  await agent?.close();
  await fixture?.remove();
});

/** A search that wastes time, so that a good patch has something to gain; a small dataset, quick to build and time. */
async function handicap(root: string): Promise<void> {
  const path = join(root, searchFile);
  const text = await readFile(path, 'utf8');
  expect(text.split(inLoop).length, `"${inLoop}" stands once`).toBe(2);
  await writeFile(path, text.replace(inLoop, `${waste}\n        ${inLoop}`));
  const manifestPath = join(root, 'annsmith.json');
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'));
  manifest.budgets = { candidateSeconds: 3 };
  manifest.build.flags = ['-O1'];
  manifest.datasets = ['few'];
  await writeFile(manifestPath, JSON.stringify(manifest));
}

const edit = (search: string, replace: string): string =>
  [`FILE: ${searchFile}`, '<<<<<<< SEARCH', search, '=======', replace, '>>>>>>> REPLACE', ''].join('\n');

describe('annsmith mcp', () => {
  it('introduces itself with the rules, and lists its tools with what they may do', async () => {
    expect(agent.client.getInstructions()).toBe(agentRules);
    const { tools } = await agent.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'list_modules',
      'benchmark',
      'propose_patch',
      'show_results',
    ]);
    for (const { description, outputSchema, annotations } of tools) {
      expect(description?.length).toBeGreaterThan(60);
      expect(outputSchema?.type).toBe('object');
      expect(annotations?.destructiveHint ?? false).toBe(false);
    }
    const readOnly = tools.filter(({ annotations }) => annotations?.readOnlyHint === true);
    expect(readOnly.map(({ name }) => name)).toEqual(['list_modules', 'show_results']);
    const { inputSchema } = tools.find(({ name }) => name === 'propose_patch')!;
    expect(inputSchema.required).toEqual(['module', 'patch']);
  });

  it('lists the modules with their code and lines', async () => {
    const result = await agent.client.callTool({ name: 'list_modules', arguments: {} });
    const { modules, datasets } = result.structuredContent as {
      modules: { module: string; regions: { symbol: string; startLine: number; code: string }[] }[];
      datasets: { name: string }[];
    };
    expect(modules.map(({ module }) => module)).toEqual(['construction', 'search', 'refinement']);
    expect(datasets.map(({ name }) => name)).toEqual(['few']);
    const layer = modules[1]!.regions.find(({ symbol }) => symbol === 'SearchLayer')!;
    const lines = (await readFile(join(fixture.workspace.root, searchFile), 'utf8')).split('\n');
    expect(lines[layer.startLine - 1]).toBe(layer.code.split('\n')[0]);
    expect(layer.code).toContain(waste);
    expect(textOf(result)).toContain(waste);
  });

  it('names what is wrong with an unknown module, dataset, run or candidate, and what to do', async () => {
    const wrong = async (name: string, input: Record<string, unknown>): Promise<string> => {
      const result = await agent.client.callTool({ name, arguments: input });
      expect(result.isError).toBe(true);
      return textOf(result);
    };
    expect(await wrong('propose_patch', { module: 'pruning', patch: 'x' })).toMatch(
      /no such module.*construction, search, refinement/,
    );
    expect(await wrong('propose_patch', { module: 'search', patch: 'x', dataset: 'nowhere' })).toMatch(
      /nowhere[\s\S]*What to do: /,
    );
    expect(await wrong('show_results', { run: 'none' })).toMatch(/no run none[\s\S]*What to do: /);
  });

  it('judges a patch that cannot be used at once, says why, and logs it', async () => {
    const missing = edit('no such line', 'another');
    const result = await agent.client.callTool({
      name: 'propose_patch',
      arguments: { module: 'search', patch: missing },
    });
    expect(result.isError ?? false).toBe(false);
    const outcome = result.structuredContent as unknown as ProposalOutcome;
    expect(outcome.verdict).toMatchObject({ kind: 'rejected', reason: 'does-not-apply' });
    expect(textOf(result)).toContain('does-not-apply');
    const unreadable = await agent.client.callTool({
      name: 'propose_patch',
      arguments: { module: 'search', patch: 'make it faster' },
    });
    expect((unreadable.structuredContent as unknown as ProposalOutcome).verdict).toMatchObject({
      reason: 'does-not-parse',
    });
    const logged = await agent.client.callTool({ name: 'show_results', arguments: { run: outcome.run } });
    expect(logged.structuredContent).toMatchObject({
      run: { policy: 'agent', status: 'done', candidates: [{ id: outcome.candidate }] },
    });
  });

  it('measures a good patch, and tells how far it is', { timeout: patience }, async () => {
    const before = await readFile(join(fixture.workspace.root, searchFile), 'utf8');
    const notes: { progress: number; message?: string | undefined }[] = [];
    const result = await agent.client.callTool(
      {
        name: 'propose_patch',
        arguments: {
          module: 'search',
          patch: edit(`        ${waste}\n        ${inLoop}`, `        ${inLoop}`),
        },
      },
      undefined,
      { timeout: patience, onprogress: ({ progress, message }) => notes.push({ progress, message }) },
    );
    expect(result.isError ?? false, textOf(result)).toBe(false);
    const outcome = result.structuredContent as unknown as ProposalOutcome;
    expect(outcome.verdict, agent.log()).toEqual({ kind: 'accepted' });
    expect(outcome.gain!.low).toBeLessThanOrEqual(outcome.gain!.value);
    expect(outcome.gain!.low).toBeGreaterThan(0);
    expect(outcome.confirmed).toBe(true);
    expect(outcome.points.length).toBeGreaterThan(1);
    expect(outcome.reference.length).toBeGreaterThan(1);
    expect(outcome.speedup[0]!.ratio.value).toBeGreaterThan(1);
    expect(outcome.checks.every(({ ok }) => ok)).toBe(true);
    expect(outcome.patch).toContain(`-        ${waste}`);
    expect(textOf(result)).toMatch(/^Verdict: accepted[\s\S]*95 % interval/);
    expect(notes.length).toBeGreaterThan(3);
    expect(notes.every(({ progress }, i) => i === 0 || progress > notes[i - 1]!.progress)).toBe(true);
    expect(notes.some(({ message = '' }) => message.startsWith('screen: '))).toBe(true);
    expect(await readFile(join(fixture.workspace.root, searchFile), 'utf8')).toBe(before);

    const { structuredContent } = await agent.client.callTool({
      name: 'show_results',
      arguments: { run: outcome.run, candidate: outcome.candidate },
    });
    expect(structuredContent).toMatchObject({ candidate: { won: true, confirmed: true } });
  });

  it('gives up a measurement that is cancelled, and serves on', { timeout: patience }, async () => {
    const controller = new AbortController();
    const call = agent.client.callTool({ name: 'benchmark', arguments: { seconds: 300 } }, undefined, {
      signal: controller.signal,
      timeout: patience,
      onprogress: () => controller.abort(),
    });
    await expect(call).rejects.toThrow();
    const benchmark = await agent.client.callTool(
      { name: 'benchmark', arguments: { seconds: 5 } },
      undefined,
      { timeout: patience },
    );
    expect((benchmark.structuredContent as { points: unknown[] }).points.length).toBeGreaterThan(1);
    const { structuredContent } = await agent.client.callTool({ name: 'list_modules', arguments: {} });
    expect(structuredContent).toMatchObject({ newest: { dataset: 'few', stale: false } });
  });

  it('has written nothing but the protocol on stdout', () => {
    expect(agent.errors).toEqual([]);
  });
});
