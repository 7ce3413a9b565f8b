import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrubCode, scrubText } from '../../../src/engine/prompt/scrub.ts';
import { workspace } from './promptRequest.ts';

const settings = { root: '/data/projects/ann', home: '/home/gwendolyn', user: 'gwendolyn' };
const code = (text: string): string => scrubCode(text, settings);
const text = (message: string): string => scrubText(message, settings);

/** Secrets and private names in the forms in which sources and messages hold them; each holds the word canary. */
const secrets: readonly string[] = [
  '// sk-proj-canary0123456789abcdef',
  'const char* a = "sk-canary-test-key";',
  '// ghp_canary0123456789canary0123456789',
  'auto t = "github_pat_11canary0123456789_abc";',
  '// glpat-canary0123456789xyz',
  '// xoxb-1234567890-canary',
  '// Authorization: Bearer canary.0123456789-abc',
  '// Authorization: Basic Y2FuYXJ5Y2FuYXJ5canary0=',
  '// eyJcanaryhbGciOi.eyJzdWIiOiIxcanary.c2lnbmF0dXJlcanary',
  'fetch("https://me:canary@host.example/x");',
  'std::string password = "canary";',
  'std::string db_password{"canary"};',
  'const std::string kApiKey("canary");',
  'setSecret("canary");',
  'auto password = "a\\"canary";',
  '#define ACCESS_TOKEN "canary"',
  '#define API_KEY   "canary"',
  'const char* json = "{\\"password\\": \\"canary\\"}";',
  'const char* token = "x9canaryF3kQ8zLw2Vb7";',
  'key_["x"] = 1; auto key = std::string("Qcanary7sK2mPz9XvB4t");',
  '// the password: canary',
  '/* pwd=canary*/',
  '// token=x9canaryF3kQ8zLw2Vb7',
  '// canary@mail.example.com',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEcanaryowIBAAKCAQEA\ncanary0123456789abcdef==\n-----END RSA PRIVATE KEY-----',
  'auto pem = "-----BEGIN PRIVATE KEY-----\\n"\n    "MIIEcanaryowIBAAKCAQEA\\n"\n    "-----END PRIVATE KEY-----\\n";',
  '// -----BEGIN PRIVATE KEY-----\n// MIIEcanaryowIBAAKCAQEA\n// canary0123456789abcdef\nint f();',
];
const privateNames: readonly (readonly [string, string])[] = [
  ['#include "/data/projects/ann/include/x.h"', '#include "include/x.h"'],
  ['#include </data/projects/ann/include/x.h>', '#include <include/x.h>'],
  ['// in /data/projects/ann.', '// in ..'],
  ['// see /home/gwendolyn/notes.txt', '// see ~/notes.txt'],
  ['///home/gwendolyn/x', '//~/x'],
  ['// other: /home/somebody/x and /Users/some.body/x', '// other: ~/x and ~/x'],
  ['auto p = "C:\\\\Users\\\\somebody\\\\x";', 'auto p = "~\\\\x";'],
  ['// TODO(gwendolyn): faster', '// TODO([removed]): faster'],
  [' * @author gwendolyn', ' * @author [removed]'],
  ['const char* who = "gwendolyn";', 'const char* who = "[removed]";'],
];

/** C++ that looks like secrets to a careless pattern. */
const harmless: readonly string[] = [
  'const char* key = "efConstruction";',
  'if (key == "M") params.M = value;',
  'params["k"] = 10; token = next_token(stream, ",");',
  'float difference = task-skip_list_of_partial_sums;',
  'auto d = sk-partial_sum; size_t mask = disk-kBlock;',
  'double ratio = a /home/ b; x = y /src/ z;',
  '//home/made comment without a space',
  'password = compute(seed); secret.clear();',
  'std::uint64_t key = 0x9E3779B97F4A7C15ull;  // golden ratio, as in Fibonacci hashing',
  "int n = 1'000'000; char quote = '\"'; char slash = '/';",
  'auto raw = R"(key = "value")";',
  '// Robin Hood hashing: the key decides; basic operations in 4 steps',
  'struct Token { int kind; }; using Key = std::pair<float, std::uint32_t>;',
  '@@ -10,7 +10,8 @@ class VisitedSet {',
  'template <typename Secret> void f(Secret&& secret) { g(std::forward<Secret>(secret)); }',
];

describe('scrubbing', () => {
  it.each(secrets)('takes out %j', (secret) => {
    for (const scrub of [code, text]) {
      const result = scrub(`int before;\n${secret}\nint after;\n`);
      expect(result).not.toContain('canary');
      expect(result).toContain('[removed]');
      expect(result).toMatch(/^int before;\n[\s\S]*\nint after;\n$/);
    }
  });

  it.each(privateNames)('makes %j %j', (line, expected) => {
    expect(code(line)).toBe(expected);
    expect(text(line)).toBe(expected);
  });

  it('takes out what starts in a comment that a diff does not show whole', () => {
    expect(code('@@ -1,3 +1,3 @@\n  * gwendolyn wrote it\n+ * password: x\n')).toBe(
      '@@ -1,3 +1,3 @@\n  * [removed] wrote it\n+ * password: [removed]\n',
    );
  });

  it('shortens paths in messages of a compiler', () => {
    expect(text('g++ -I/data/projects/ann/include /data/projects/ann/a.cc:3:1: error')).toBe(
      'g++ -Iinclude a.cc:3:1: error',
    );
    expect(text('/data/projects/annex/a.cc in /data/projects/ann')).toBe('/data/projects/annex/a.cc in .');
  });

  it.each(harmless)('leaves %j', (line) => {
    expect(code(line)).toBe(line);
  });

  it('leaves a name that the code uses, and names of accounts that are words', () => {
    const named = { ...settings, user: 'max' };
    expect(scrubCode('float m = std::max(a, b);  // the max of both', named)).toContain('// the max of both');
    expect(scrubCode('float m = a;  // by max', named)).toContain('// by [removed]');
    expect(scrubCode('// the root node', { root: '/', home: '/root', user: 'root' })).toBe(
      '// the root node',
    );
    expect(scrubCode('// see /root/x', { root: '/', home: '/root', user: 'root' })).toBe('// see ~/x');
  });

  it('leaves the bundled workspace and the diffs of the playbook as they are', () => {
    const folder = join(import.meta.dirname, '../playbook/golden');
    const diffs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(diffs.length).toBeGreaterThan(10);
    for (const source of [...workspace.files.values(), ...diffs]) expect(code(source)).toBe(source);
  });

  it('takes time in proportion to the text', () => {
    // Text that makes a careless pattern start over at every character: minutes, where this takes a second.
    const starts = [
      'a.',
      'key',
      'password ',
      'token(',
      '-----BEGIN A-----\n',
      '/*',
      '"',
      'sk-',
      'eyJabcdefgh.',
      '#include ',
    ];
    for (const start of starts) {
      const source = start.repeat(Math.ceil(100_000 / start.length));
      for (const scrub of [code, text]) expect(scrub(source).length).toBeLessThanOrEqual(source.length);
    }
  });

  it('changes nothing more the second time, and keeps the number of lines', () => {
    const piece = fc.constantFrom(
      ...secrets,
      ...harmless,
      ...privateNames.map(([line]) => line),
      ...[
        '"',
        "'",
        '/*',
        '*/',
        '//',
        ' ',
        '\n',
        '\\',
        '/data/projects/ann/',
        '/home/gwendolyn',
        'gwendolyn',
        'R"(',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('', '\n'), (pieces, glue) => {
        const source = pieces.join(glue);
        for (const scrub of [code, text]) {
          const once = scrub(source);
          expect(scrub(once)).toBe(once);
          expect(once.split('\n').length).toBe(source.split('\n').length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
