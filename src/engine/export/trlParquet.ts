import { type ColumnSource, parquetWriteBuffer, type SchemaElement } from 'hyparquet-writer';
import type { PromptedRow } from './selection.ts';

interface Column {
  readonly name: string;
  /** Preorder, its own element first. */
  readonly schema: readonly SchemaElement[];
  readonly value: (row: PromptedRow) => unknown;
}

const required = 'REQUIRED' as const;

function text(name: string, value: Column['value']): Column {
  return { name, schema: [textElement(name)], value };
}

function number(name: string, value: (row: PromptedRow) => number | null): Column {
  return { name, schema: [{ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }], value };
}

function list(name: string, element: readonly SchemaElement[], value: Column['value']): Column {
  const outer: readonly SchemaElement[] = [
    { name, repetition_type: required, converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ];
  return { name, schema: [...outer, ...element], value };
}

function textElement(name: string): SchemaElement {
  return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: required };
}

const message: readonly SchemaElement[] = [
  { name: 'element', repetition_type: required, num_children: 2 },
  textElement('role'),
  textElement('content'),
];

const columns: readonly Column[] = [
  list('prompt', message, ({ prompt }) => prompt.map(({ role, content }) => ({ role, content }))),
  list('completion', message, (row) => [{ role: 'assistant', content: row.text }]),
  number('reward', (row) => row.reward),
  number('advantage', (row) => row.advantage),
  text('group_id', (row) => row.group),
  text('run_id', (row) => row.run),
  text('candidate_id', (row) => row.candidate),
  text('module', (row) => row.module),
  text('policy_id', (row) => row.policy.id),
  text('policy_version', (row) => row.policy.version),
  // What is known of the completion's own text, not of a second answer.
  text('verdict', (row) => (row.repaired === undefined ? row.reason || row.verdict : row.repaired)),
  number('gain', (row) => (row.repaired === undefined ? (row.gain?.value ?? null) : null)),
  {
    name: 'truncated',
    schema: [{ name: 'truncated', type: 'BOOLEAN', repetition_type: required }],
    value: (row) => row.truncated,
  },
  list('token_ids', [{ name: 'element', type: 'INT32', repetition_type: required }], (row) => [
    ...row.tokenIds,
  ]),
  list('logprobs', [{ name: 'element', type: 'DOUBLE', repetition_type: required }], (row) => [
    ...row.logprobs,
  ]),
];

/**
 * Parquet with one row per rewarded completion, in TRL's conversational prompt-completion form.
 *
 * What TRL reads of it: `SFTTrainer` takes `prompt` and `completion` (filter by `verdict` first: failures are in here).
 * `GRPOTrainer` and `RLOOTrainer` take `prompt` alone, generate anew, and hand the other columns to the reward functions
 * by name, without `completion`; one row per `prompt` is enough for them. No trainer of TRL takes logged rewards:
 * `reward`, `advantage`, `token_ids` and `logprobs` are for a loss of your own, or one like that of the Python trainer
 * (`trainer/`), which reads the same from the ledger.
 *
 * `advantage` is as in the paper, (reward - mean) / population std within `run_id` and `group_id`; 0 where all rewards of
 * the group are equal, null where the group was not finished. `gain` is ln(AUC candidate / AUC reference), null where
 * nothing was measured. `token_ids` and `logprobs` are empty where the server of the model gave none.
 */
export function trlParquet(rows: readonly PromptedRow[], createdBy: string): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, value }) => ({ name, data: rows.map(value) as ColumnSource['data'] })),
    schema: [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ schema }) => schema)],
    createdBy,
  });
  return new Uint8Array(buffer);
}
