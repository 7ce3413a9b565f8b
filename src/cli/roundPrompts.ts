import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
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
  /** Its parts that say what is measured. */
  manifest: z.record(z.string(), z.unknown()),
});
export type PromptSubject = z.infer<typeof subjectSchema>;

const lineSchema = z.object({ subject: subjectSchema });

const words: Readonly<Record<keyof PromptSubject, string>> = {
  sourceHash: 'the code, or what it is built with',
  datasets: '--dataset',
  modules: '--module',
  seed: '--seed',
  manifest: 'index, search or datasets in annsmith.json',
};

/**
 * Sees to it that the prompts of a model's online round are in a file, `{ module, messages, subject }` a line. A round that
 * has taken a step, kept in the folder `round`, asks on what it asked before, unless it is begun anew (`fresh`).
 * @throws UserError where that was about other code or data than now
 */
export async function writeRoundPrompts(
  { file, round, fresh }: { readonly file: string; readonly round: string; readonly fresh: boolean },
  subject: PromptSubject,
  messagesOf: (module: ModuleName) => Promise<readonly ChatMessage[]>,
): Promise<void> {
  if (!fresh && existsSync(file) && (await hasSteps(round))) {
    const before = subjectIn(await readFile(file, 'utf8'));
    const keys = Object.keys(words) as (keyof PromptSubject)[];
    const changed = keys.filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(subject[key]));
    if (changed.length === 0) return;
    const what = changed.map((key) => words[key]).join(', ');
    throw new UserError(
      'other-round',
      before === undefined
        ? `${file} is of a round that was cut off, by an earlier version or changed by hand: what it is about is not said`
        : `${file} is of a round that was cut off; since then these have changed: ${what}`,
      `${before === undefined ? '' : 'Put them back as they were to go on. '}To begin anew, name another --out, or give \`-- --fresh\`.`,
    );
  }
  const lines: string[] = [];
  for (const module of subject.modules as ModuleName[]) {
    lines.push(JSON.stringify({ module, messages: await messagesOf(module), subject }));
  }
  await writeWhole(file, `${lines.join('\n')}\n`);
}

/** As the trainer has it: before its first step there is nothing to lose. */
async function hasSteps(round: string): Promise<boolean> {
  const names = existsSync(round) ? await readdir(round) : [];
  return names.some((name) => name.startsWith('checkpoint-'));
}

function subjectIn(text: string): PromptSubject | undefined {
  try {
    return lineSchema.parse(JSON.parse(text.split('\n', 1)[0]!)).subject;
  } catch {
    return undefined;
  }
}
