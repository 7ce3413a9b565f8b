import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import * as z from 'zod';
import { writeWhole } from '../engine/wholeFile.ts';
import type { Output } from './output.ts';

/** Where code of which workspace may go, as its user has allowed on this machine. */
const storeSchema = z.object({ allowed: z.array(z.object({ root: z.string(), endpoint: z.string() })) });

export interface ConsentQuestion {
  readonly root: string;
  readonly endpoint: string;
  readonly model: string;
  readonly files: readonly string[];
}

/** Whether code may be sent: allowed before, allowed with `--consent`, or asked for on a terminal. */
export async function mayBeSent(
  question: ConsentQuestion,
  {
    given,
    output,
    signal,
  }: { readonly given: boolean; readonly output: Output; readonly signal: AbortSignal },
): Promise<boolean> {
  const { root, endpoint } = question;
  const path = storePath();
  const { allowed } = await readStore(path);
  if (allowed.some((entry) => entry.root === root && entry.endpoint === endpoint)) return true;
  if (!given && !(await asked(question, output, signal))) return false;
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, `${JSON.stringify({ allowed: [...allowed, { root, endpoint }] })}\n`);
  return true;
}

function storePath(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'annsmith', 'consent.json');
}

async function readStore(path: string): Promise<z.infer<typeof storeSchema>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"allowed":[]}';
    throw error;
  });
  try {
    return storeSchema.parse(JSON.parse(text));
  } catch {
    // What cannot be read allows nothing, and is asked again.
    return { allowed: [] };
  }
}

async function asked(
  { endpoint, model, files }: ConsentQuestion,
  output: Output,
  signal: AbortSignal,
): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return false;
  output.finish();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      `Send code of this workspace to ${endpoint} (${model})?\n  ${files.join('\n  ')}\n\`annsmith prompt\` shows exactly what is sent. [y/N] `,
      { signal },
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
