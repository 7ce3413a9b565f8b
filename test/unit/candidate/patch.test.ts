import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch, changedFiles, patchHash, unifiedDiff } from '../../../src/engine/candidate/patch.ts';

const before = new Map([
  ['a.h', 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n'],
  ['b.h', 'x\ny'],
]);
const after = new Map([
  ['b.h', 'x\ny\n'],
  ['a.h', 'one\n2\nthree\nfour\nfive\nsix\nseven\neight\nNINE\n'],
]);

describe('patches', () => {
  it('goes there and back', () => {
    const patch = unifiedDiff(before, after);
    expect(patch.indexOf('--- a/a.h')).toBeLessThan(patch.indexOf('--- a/b.h'));
    expect(applyPatch(before, patch)).toEqual({ kind: 'applied', files: changedFiles(before, after) });
  });

  it('goes there and back for any texts', () => {
    const lines = fc.array(
      fc.constantFrom('', 'a', 'b', '-a', '+b', '\\ c', '@@ -1 +1 @@', '--- a/x', 'd\r'),
      {
        maxLength: 12,
      },
    );
    const text = fc.tuple(lines, fc.boolean()).map(([all, ended]) => all.join('\n') + (ended ? '\n' : ''));
    fc.assert(
      fc.property(text, text, (old, made) => {
        const from = new Map([['f.h', old]]);
        const to = new Map([['f.h', made]]);
        expect(applyPatch(from, unifiedDiff(from, to))).toEqual({
          kind: 'applied',
          files: changedFiles(from, to),
        });
      }),
      { numRuns: 500 },
    );
  });

  it('writes what patch(1) and git can apply', () => {
    const dir = mkdtempSync(join(tmpdir(), 'annsmith-patch-'));
    try {
      for (const [path, text] of before) writeFileSync(join(dir, path), text);
      execFileSync('git', ['apply', '-'], { cwd: dir, input: unifiedDiff(before, after) });
      for (const [path, text] of after) expect(readFileSync(join(dir, path), 'utf8')).toBe(text);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('refuses what does not fit exactly', () => {
    const patch = unifiedDiff(before, after);
    const moved = new Map([...before, ['a.h', `zero\n${before.get('a.h')}`]]);
    expect(applyPatch(moved, patch)).toEqual({
      kind: 'refused',
      detail: 'a.h:1: expected "one\\n", found "zero\\n"',
    });
    expect(applyPatch(new Map([['b.h', 'x\ny']]), patch)).toMatchObject({ kind: 'refused' });
    const made = '--- /dev/null\n+++ b/new.h\n@@ -0,0 +1,1 @@\n+int x;\n';
    expect(applyPatch(before, made)).toMatchObject({ kind: 'refused' });
    expect(applyPatch(before, '--- a/a.h\n+++ b/a.h\n@@ -1,5 +1,1 @@\n-one\n')).toMatchObject({
      kind: 'refused',
    });
  });

  it('hashes the changed texts alone, in any order', () => {
    const hash = patchHash(before, after);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(patchHash(before, new Map([...after].reverse()))).toBe(hash);
    expect(patchHash(new Map([...before, ['c.h', 'c']]), new Map([...after, ['c.h', 'c']]))).toBe(hash);
    expect(patchHash(before, new Map([...after, ['b.h', 'x\ny\n\n']]))).not.toBe(hash);
  });
});
