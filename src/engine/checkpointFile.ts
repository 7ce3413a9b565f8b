import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type Checkpoint, checkpointFormat, checkpointSchema } from '../protocol/grpo.ts';
import { UserError } from './errors.ts';
import { writeWhole } from './wholeFile.ts';

const otherVersion =
  'Use another version (`annsmith grpo list`, `annsmith grpo promote VERSION`), or the published prior with `annsmith grpo promote prior`.';

/** Writes a checkpoint with a checksum, whole. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const whole = checkpointSchema.parse(checkpoint);
  await writeWhole(path, `${JSON.stringify({ sha256: sha256(whole), checkpoint: whole })}\n`);
}

/** @throws UserError where there is none, or it is damaged, or of another version of this program. */
export function readCheckpoint(path: string, version: string): Checkpoint {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UserError('no-such-version', `there is no version ${version} of the policy`, otherVersion);
  }
  const damaged = (why: string): UserError =>
    new UserError('damaged-checkpoint', `${path}: ${why}`, otherVersion);
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw damaged('not whole: it cannot be read as JSON');
  }
  const outer = z
    .object({ sha256: z.string(), checkpoint: z.object({ format: z.unknown() }) })
    .safeParse(file);
  if (!outer.success) throw damaged('no checkpoint of a policy');
  const { checkpoint } = file as { readonly checkpoint: unknown };
  const { format } = outer.data.checkpoint;
  if (format !== checkpointFormat) {
    throw new UserError(
      'other-checkpoint-format',
      `${path}: format ${String(format)}, this program reads ${checkpointFormat}`,
      otherVersion,
    );
  }
  if (outer.data.sha256 !== sha256(checkpoint)) {
    throw damaged('its checksum is not that of its content');
  }
  const read = checkpointSchema.safeParse(checkpoint);
  if (!read.success) {
    const issue = read.error.issues[0];
    throw damaged(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (read.data.version !== version) throw damaged(`it is version ${read.data.version}`);
  return read.data;
}

/** Doubles as they are kept in a checkpoint. */
export function encodeNumbers(numbers: Float64Array): string {
  const bytes = Buffer.alloc(numbers.length * 8);
  for (const [i, value] of numbers.entries()) bytes.writeDoubleLE(value, i * 8);
  return bytes.toString('base64');
}

export function decodeNumbers(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const numbers = new Float64Array(Math.floor(bytes.length / 8));
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readDoubleLE(i * 8);
  return numbers;
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
