import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifestJsonSchema } from '../../../src/engine/module/manifestJsonSchema.ts';

const file = join(import.meta.dirname, '../../../schemas/annsmith.schema.json');

describe('schemas/annsmith.schema.json', () => {
  it('is what scripts/generateSchema.ts writes', async () => {
    expect(await readFile(file, 'utf8')).toBe(manifestJsonSchema());
  });

  it('refuses unknown keys and asks for no key that has a default', () => {
    const schema: unknown = JSON.parse(manifestJsonSchema());
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: {
        build: { additionalProperties: false, required: ['adapter'] },
        modules: { additionalProperties: false },
      },
    });
  });
});
