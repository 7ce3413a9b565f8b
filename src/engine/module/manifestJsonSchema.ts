import * as z from 'zod';
import { manifestSchema } from '../../protocol/manifest.ts';

/** The manifest's JSON Schema (draft 2020-12) as the text of `schemas/annsmith.schema.json`: what a person may write. */
export function manifestJsonSchema(): string {
  const schema = z.toJSONSchema(manifestSchema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ ...schema, title: 'Annsmith workspace' }, null, 2)}\n`;
}
