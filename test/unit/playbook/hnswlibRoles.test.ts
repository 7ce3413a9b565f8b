import { describe, expect, it } from 'vitest';
import { roleNames } from '../../../src/protocol/module.ts';
import { hnswlib } from './hnswlibWorkspace.ts';

describe("hnswlib's headers as a workspace", () => {
  it('have regions for construction and search', () => {
    expect(hnswlib.regions.construction.length).toBeGreaterThan(0);
    expect(hnswlib.regions.search.length).toBeGreaterThan(0);
  });

  it('name known roles only', () => {
    for (const role of Object.keys(hnswlib.roles)) expect(roleNames).toContain(role);
  });
});
