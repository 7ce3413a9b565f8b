import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import { writeFiles } from './hnswlibWorkspace.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'annsmith-hnswlib-program-'));
let programs = 0;

/** What a check program such as `hnswlibCheck.cc` over some version of hnswlib says. */
export interface HnswlibReport {
  /** Compiler warnings of hnswlib's headers and the program, without line numbers, sorted. */
  readonly warnings: readonly string[];
  /** One line per case: name, recall@10, digest of the answers. */
  readonly lines: readonly string[];
  /** What sanitizers wrote. */
  readonly sanitized: string;
}

/** Compiles a check program against the headers in `files` and runs it. @throws where it ends with an error. */
export async function runHnswlib(
  files: FileTexts,
  flags: readonly string[],
  check = 'hnswlibCheck.cc',
): Promise<HnswlibReport> {
  const root = join(scratch, String(++programs));
  await writeFiles(root, files);
  const program = join(root, 'check');
  const source = join(import.meta.dirname, check);
  const strict = ['-std=c++17', '-Wall', '-Wextra', '-pthread', `-I${join(root, 'hnswlib')}`];
  const built = await run('g++', [...strict, ...flags, source, '-o', program], { maxBuffer: 1 << 26 });
  const environment = { ...process.env, ASAN_OPTIONS: 'halt_on_error=0' };
  const { stdout, stderr } = await run(program, [], { env: environment, maxBuffer: 1 << 26 });
  return { warnings: warningsIn(built.stderr), lines: stdout.trim().split('\n'), sanitized: stderr };
}

export async function removeHnswlibPrograms(): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
}

function warningsIn(stderr: string): readonly string[] {
  const found = stderr.split('\n').flatMap((line) => /([\w.]+):\d+:\d+: (warning: .*)$/.exec(line) ?? []);
  const texts = found.flatMap((_, i) => (i % 3 === 0 ? [`${found[i + 1]}: ${found[i + 2]}`] : []));
  return texts.sort();
}
