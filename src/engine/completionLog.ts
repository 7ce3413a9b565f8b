import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from './journal.ts';
import type { Candidate } from './judged.ts';

/** Logs what a policy wrote; its patch lies in the run's folder too, as a file to look at. */
export async function logCompletion(
  journal: Journal,
  groupId: string,
  folder: string,
  candidate: Candidate,
): Promise<void> {
  const { id, completion, patch, patchHash } = candidate;
  const { text, tokenIds, logprobs, outcome, answer } = completion;
  if (patch !== null) await writeFile(join(folder, `${id}.patch`), patch);
  await journal.append({
    type: 'completion',
    groupId,
    candidateId: id,
    text,
    tokenIds: [...tokenIds],
    logprobs: [...logprobs],
    notes: outcome.kind === 'files' ? [...outcome.notes] : [outcome.detail],
    patch,
    patchHash,
    ...(answer === undefined ? {} : { answer }),
    ...(outcome.kind === 'rejected' ? { unusable: { reason: outcome.reason, detail: outcome.detail } } : {}),
  });
}
