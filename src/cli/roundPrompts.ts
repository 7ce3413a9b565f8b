import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { UserError } from '../engine/errors.ts';
import { writeWhole } from '../engine/wholeFile.ts';
import type { ChatMessage } from '../protocol/model.ts';
import type { ModuleName } from '../protocol/module.ts';

/** What prompts are about: of other code or data they must not be asked. */
const subjectSchema = z.object({
  sourceHash: z.string(),
  datasets: z.array(z.string()),
  modules: z.array(z.string()),
  seed: z.number(),
});
export type PromptSubject = z.infer<typeof subjectSchema>;

const lineSchema = z.object({ subject: subjectSchema });

const words: Readonly<Record<keyof PromptSubject, string>> = {
  sourceHash: 'the code, or what it is built with',
  datasets: '--dataset',
  modules: '--module',
  seed: '--seed',
};

/**
 * Sees to it that the prompts of a model's online round are in a file, `{ module, messages, subject }` a line. A round that
 * was begun, which `round` is the folder of, asks on what it asked before. @throws UserError where that was about other
 * code or data than now
 */
export async function writeRoundPrompts(
  { file, round }: { readonly file: string; readonly round: string },
  subject: PromptSubject,
  messagesOf: (module: ModuleName) => Promise<readonly ChatMessage[]>,
): Promise<void> {
  if (existsSync(file) && existsSync(round)) {
    const before = subjectIn(await readFile(file, 'utf8'));
    const keys = Object.keys(words) as (keyof PromptSubject)[];
    const changed = keys.filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(subject[key]));
    if (changed.length === 0) return;
    throw new UserError(
      'other-round',
      `${file} is of a round that was cut off, and since then other: ${changed.map((key) => words[key]).join(', ')}`,
      `Put that back as it was to go on, name another --out, or delete ${file} and ${round} to begin anew.`,
    );
  }
  const lines: string[] = [];
  for (const module of subject.modules as ModuleName[]) {
    lines.push(JSON.stringify({ module, messages: await messagesOf(module), subject }));
  }
  await writeWhole(file, `${lines.join('\n')}\n`);
}

function subjectIn(text: string): PromptSubject | undefined {
  try {
    return lineSchema.parse(JSON.parse(text.split('\n', 1)[0]!)).subject;
  } catch {
    return undefined;
  }
}
