/** What VS Code loads to run one suite file: mocha inside the extension host, with every result written at once. */
import { appendFileSync } from 'node:fs';
import type { ResultLine } from './results.ts';

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`$${name} is not set`);
  return value;
}

export async function run(): Promise<void> {
  const results = variable('ANNSMITH_TEST_RESULTS');
  const grep = process.env['ANNSMITH_TEST_GREP'] ?? '';
  const say = (line: ResultLine): void => appendFileSync(results, `${JSON.stringify(line)}\n`);
  try {
    const { default: Mocha } = await import('mocha');
    const mocha = new Mocha({
      ui: 'tdd',
      color: false,
      timeout: 60_000,
      ...(grep === '' ? {} : { fgrep: grep }),
    });
    mocha.addFile(variable('ANNSMITH_TEST_SUITE'));
    await mocha.loadFilesAsync();
    const failures = await new Promise<number>((resolve) => {
      const runner = mocha.run(resolve);
      runner.on('test', (test) => say({ kind: 'start', name: test.fullTitle() }));
      runner.on('pass', (test) => say({ kind: 'pass', name: test.fullTitle(), ms: test.duration ?? 0 }));
      runner.on('pending', (test) => say({ kind: 'skip', name: test.fullTitle() }));
      runner.on('fail', (test, error: Error) =>
        say({ kind: 'fail', name: test.fullTitle(), message: error.stack ?? String(error) }),
      );
    });
    say({ kind: 'end' });
    if (failures > 0) throw new Error(`${failures} failed`);
  } catch (error) {
    if (!(error instanceof Error && /^\d+ failed$/.test(error.message))) {
      say({
        kind: 'broken',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    throw error;
  }
}
