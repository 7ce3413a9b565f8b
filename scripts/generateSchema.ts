/** Writes schemas/annsmith.schema.json from the manifest's zod schema. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestJsonSchema } from '../src/engine/module/manifestJsonSchema.ts';

const folder = join(import.meta.dirname, '../schemas');
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'annsmith.schema.json'), manifestJsonSchema());
