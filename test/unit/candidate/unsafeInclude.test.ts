import { describe, expect, it } from 'vitest';
import { unsafeIncludes } from '../../../src/engine/candidate/unsafeInclude.ts';

const old = '#include "util.h"\n#include "/opt/own/header.h"\nint f();\n';
const before = new Map([['include/demo/a.h', old]]);
const check = (added: string): string =>
  unsafeIncludes(before, new Map([['include/demo/a.h', `${old}${added}\n`]]), ['include', 'third']).join(
    '\n',
  );

describe('unsafeIncludes', () => {
  it.each([
    '#include <immintrin.h>',
    '#include "../other/b.h"',
    '#include <demo/b.h>',
    '// #include "/etc/passwd"',
    '/* asm("nop") */',
    '#pragma GCC unroll 4',
    'asm volatile("" ::: "memory");',
    'const char* text = "#include </etc/passwd>";',
    '#if defined(__AVX2__)\nint g();\n#endif',
    "int x = 1'000;",
    "char c = u8'\"'; char d = '\\''; int y = 0xFF'00;",
  ])('allows %s', (line) => {
    expect(check(line)).toBe('');
  });

  it.each([
    ['#include "/etc/passwd"', 'include/demo/a.h:4: `#include "/etc/passwd"` names an absolute path'],
    ['#include </etc/passwd>', 'names an absolute path'],
    ['#include "../../../secret.h"', 'leads out of the workspace'],
    ['#include "../../secret.h"', 'leads out of the workspace'],
    ['  #  include   "x/../../../../s.h"', 'leads out of the workspace'],
    ['%:include "/etc/passwd"', 'names an absolute path'],
    ['/* c */ # /* c */ include "/etc/passwd"', 'names an absolute path'],
    ['#inc\\\nlude "/etc/passwd"', 'names an absolute path'],
    ['#define F "/etc/passwd"\n#include F', 'does not name its file literally'],
    ['#include_next <x.h>', 'is not allowed'],
    ['#embed "/etc/passwd"', 'is not allowed'],
    ['#line 1 "other.h"', 'is not allowed'],
    ['# 1 "other.h"', 'is not allowed'],
    ['#if __has_include("/etc/passwd")\n#endif', 'asks which files exist'],
    ['#pragma GCC dependency "/etc/passwd"', 'is not one of the allowed pragmas'],
    ['_Pragma("GCC dependency \\"/etc/passwd\\"")', 'hides a #pragma'],
    ['asm(".incbin \\"/etc/passwd\\"");', 'reaches the assembler'],
    ['__asm__ volatile (".inc" "bin \\"/etc/passwd\\"");', 'reaches the assembler'],
    ['asm("" ".incbin \\"/etc/passwd\\"");', 'reaches the assembler'],
    ['#define A a##sm', 'pastes tokens'],
    ['char c = u8\'"\';\n#include "/etc/passwd"', 'names an absolute path'],
    ['int x = 1\'0; // \'\n#include "/etc/passwd"', 'names an absolute path'],
    ['const char* s = R"x( /* )x";\n#include "/etc/passwd"', 'names an absolute path'],
    ['/* open\n#include "/etc/passwd"', 'an unclosed comment'],
    ['const char* s = "open;\n', 'an unclosed string'],
    ['import <vector>;', 'imports a module'],
  ])('refuses %s', (line, message) => {
    expect(check(line)).toContain(message);
  });

  it('leaves lines that the saved file has to their owner', () => {
    expect(check('int g();')).toBe('');
  });
});
