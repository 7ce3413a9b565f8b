/** Exports of a real ledger, read back as their readers would. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  exportLedger,
  type LedgerExport,
  type LedgerExportRequest,
} from '../../../src/engine/ledgerExport.ts';
import { messages, model, modelLedger, modelRunId } from './modelLedger.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-export-'));
  await modelLedger(root);
});
afterAll(() => rm(root, { recursive: true }));

function exported(request: Partial<LedgerExportRequest>): Promise<LedgerExport> {
  return exportLedger({
    root,
    format: 'csv',
    force: true,
    confirmed: false,
    margin: 0.1,
    responses: false,
    createdBy: 'annsmith test',
    onProblem: ({ line, problem }) => {
      throw new Error(`${line}: ${problem}`);
    },
    ...request,
  });
}

type Line = Record<string, unknown>;

async function linesOf({ out }: LedgerExport): Promise<Line[]> {
  const text = await readFile(out, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const said = (content: string) => [{ role: 'assistant', content }];

describe('trl', () => {
  let result: LedgerExport;
  let rows: Line[];
  let file: ArrayBuffer;
  const row = (id: string): Line => rows.find((r) => r['candidate_id'] === id)!;
  beforeAll(async () => {
    result = await exported({ format: 'trl' });
    const bytes = await readFile(result.out);
    file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    rows = (await parquetReadObjects({ file })) as Line[];
  });

  it('has a row per rewarded completion of a model, in the order of the ledger', () => {
    expect(rows.map((r) => r['candidate_id'])).toEqual([
      'g1c1',
      'g1c2',
      'g1c3',
      'g1c4',
      'g2c1',
      'g2c2',
      'g3c1',
      'g3c2',
    ]);
    expect(result).toMatchObject({ format: 'trl', rows: 8, candidates: 8, groups: 3, problems: [] });
    expect(result.leftOut).toEqual([
      { reason: 'no-prompt', candidates: 4 },
      { reason: 'no-reward', candidates: 2 },
    ]);
  });

  it('keeps every value', () => {
    expect(row('g1c1')).toEqual({
      prompt: messages,
      completion: said('fast "answer",\nof two lines'),
      reward: 0.4,
      advantage: 1.02,
      group_id: 'g1',
      run_id: modelRunId,
      candidate_id: 'g1c1',
      module: 'search',
      policy_id: model.id,
      policy_version: model.version,
      verdict: 'accepted',
      gain: 0.4,
      truncated: false,
      token_ids: [5, 8, 13],
      logprobs: [-0.25, -0.5, -0.75],
    });
  });

  it('is of the first answer where a completion was asked again: its tokens and its reward are', () => {
    expect(row('g1c4')).toMatchObject({
      completion: said('first try'),
      verdict: 'does-not-compile',
      reward: -1,
      gain: null,
      token_ids: [5, 8],
    });
  });

  it('tells what is unknown from what is zero', () => {
    expect(row('g2c1')).toMatchObject({ advantage: null, truncated: true, token_ids: [], logprobs: [] });
    expect(row('g2c2')).toMatchObject({ verdict: 'slower', reward: -0.13, gain: -0.13 });
    expect(row('g3c1')).toMatchObject({ advantage: 0, gain: null, verdict: 'does-not-parse' });
  });

  it('has the nested columns in the standard form of parquet lists', () => {
    const { children } = parquetSchema(parquetMetadata(file));
    const prompt = children.find(({ element }) => element.name === 'prompt')!;
    expect(prompt.element.converted_type).toBe('LIST');
    expect(prompt.children[0]?.element).toMatchObject({ name: 'list', repetition_type: 'REPEATED' });
    const item = prompt.children[0]?.children[0];
    expect(item?.element.name).toBe('element');
    expect(item?.children.map(({ element }) => element.name)).toEqual(['role', 'content']);
  });
});

describe('verl', () => {
  it('has a line per group with the fields that its dataset reads', async () => {
    const result = await exported({ format: 'verl' });
    const lines = await linesOf(result);
    expect(lines.map((line) => line['extra_info'])).toMatchObject([
      { index: 0, group: 'g1', split: 'train' },
      { index: 1, group: 'g2' },
      { index: 2, group: 'g3' },
    ]);
    expect(lines[1]).toMatchObject({
      data_source: 'annsmith/construction',
      prompt: messages,
      ability: 'code',
      reward_model: { style: 'rule', ground_truth: 'construction' },
      extra_info: { module: 'construction', prompt_hash: 'hash-g2' },
    });
    expect(JSON.stringify(lines)).not.toContain('first try');
    // Arrow gives a column one type: every line has the same fields.
    const fields = lines.map((line) => Object.keys(line['extra_info'] as Line));
    expect(new Set(fields.map(String)).size).toBe(1);
  });

  it('carries the logged completions when it is asked to', async () => {
    const [first] = await linesOf(await exported({ format: 'verl', responses: true }));
    expect(first?.['extra_info']).toMatchObject({
      responses: ['fast "answer",\nof two lines', 'nearly as fast', 'wrong', 'first try'],
      rewards: [0.4, 0.38, -1, -1],
      advantages: [1.02, 0.98, -1, -1],
    });
  });
});

describe('sft', () => {
  it('has the best accepted completion of each group, and says why the others are left out', async () => {
    const result = await exported({ format: 'sft' });
    expect(await linesOf(result)).toEqual([
      {
        prompt: messages,
        completion: said('fast "answer",\nof two lines'),
        module: 'search',
        policy: model.id,
        run: modelRunId,
        candidate: 'g1c1',
        gain: 0.4,
        confirmed: true,
      },
    ]);
    expect(result.leftOut).toEqual([
      { reason: 'no-prompt', candidates: 4 },
      { reason: 'not-accepted', candidates: 7 },
      { reason: 'truncated', candidates: 1 },
      { reason: 'not-best-of-group', candidates: 1 },
    ]);
  });

  it('takes confirmed gains only when it is asked to', async () => {
    const result = await exported({ format: 'sft', confirmed: true });
    expect(result.rows).toBe(1);
    expect(result.leftOut).toContainEqual({ reason: 'not-confirmed', candidates: 2 });
  });
});

describe('preference', () => {
  it('sets the best of a group against what is clearly worse', async () => {
    const result = await exported({ format: 'preference' });
    const pairs = await linesOf(result);
    expect(pairs).toMatchObject([
      { chosen_candidate: 'g1c1', rejected_candidate: 'g1c3', score_chosen: 0.4, score_rejected: -1 },
      { chosen_candidate: 'g1c1', rejected_candidate: 'g1c4' },
    ]);
    expect(pairs[1]).toMatchObject({
      prompt: messages,
      chosen: said('fast "answer",\nof two lines'),
      rejected: said('first try'),
    });
    expect(result).toMatchObject({ rows: 2, candidates: 3, groups: 1 });
  });

  it('has no pair whose intervals meet, however small the margin', async () => {
    const pairs = await linesOf(await exported({ format: 'preference', margin: 0.001 }));
    expect(pairs.map((pair) => pair['rejected_candidate'])).toEqual(['g1c3', 'g1c4']);
  });
});

describe('filters and files', () => {
  it('takes one run, one policy, one module', async () => {
    expect((await exported({ format: 'csv', run: 'last' })).rows).toBe(4);
    expect((await exported({ format: 'trl', policy: 'ollama:small' })).rows).toBe(2);
    const { rows, leftOut } = await exported({ format: 'trl', module: 'construction' });
    expect(rows).toBe(2);
    expect(leftOut).toContainEqual({ reason: 'other-module', candidates: 11 });
  });

  it('refuses to write over a file unless told to, and leaves nothing half written', async () => {
    const out = join(root, 'new', 'file.csv');
    const { bytes } = await exported({ out, force: false });
    expect((await readFile(out)).byteLength).toBe(bytes);
    await expect(exported({ out, force: false, format: 'trl' })).rejects.toMatchObject({
      code: 'file-exists',
    });
    expect((await readFile(out)).byteLength).toBe(bytes);
    await exported({ out, force: true, run: 'last' });
    expect((await readFile(out)).byteLength).toBeLessThan(bytes);
    expect(await readdir(join(root, 'new'))).toEqual(['file.csv']);
  });

  it('says what was left out when nothing is left, and writes nothing', async () => {
    const out = join(root, 'nothing.parquet');
    const request = { out, format: 'trl', policy: 'playbook' } as const;
    await expect(exported(request)).rejects.toMatchObject({
      code: 'nothing-to-export',
      message: expect.stringContaining(
        'of 14 candidates none is left: 10 of another policy; 4 without a prompt',
      ) as string,
      fix: expect.stringContaining('ollama:small, openai:test-model, playbook') as string,
    });
    await expect(readFile(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('names the runs there are when it is asked for another', async () => {
    await expect(exported({ run: 'nonesuch' })).rejects.toMatchObject({
      code: 'no-such-run',
      fix: `Runs: ${modelRunId}, one-module`,
    });
  });

  it('says which file cannot be written', async () => {
    await expect(exported({ out: join(root, '.annsmith', 'ledger.jsonl', 'x.csv') })).rejects.toMatchObject({
      code: 'export-write',
    });
  });
});
