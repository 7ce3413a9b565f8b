/** The command line as a user meets it: exit codes, one JSON document on stdout, errors that say what to do. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/engine/random.ts';
import { exampleRoot } from '../engine/fixture.ts';

const cli = join(import.meta.dirname, '..', '..', 'bin', 'annsmith.mjs');
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'annsmith-cli-'));
  mkdirSync(join(home, 'tmp'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function run(args: readonly string[], env: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    cwd: home,
    env: { ...process.env, ANNSMITH_CACHE: join(home, 'cache'), ...env },
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** A copy of the example with its manifest changed. */
function workspace(name: string, change: (manifest: Record<string, unknown>) => void): string {
  const root = join(home, name);
  cpSync(exampleRoot, root, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  const path = join(root, 'annsmith.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(manifest);
  writeFileSync(path, JSON.stringify(manifest));
  return root;
}

describe('usage', () => {
  it('prints help and its version', () => {
    expect(run(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('optimize') });
    expect(run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    for (const command of [
      'init',
      'modules',
      'datasets',
      'bench',
      'calibrate',
      'optimize',
      'prompt',
      'runs',
      'mcp',
      'serve-rewards',
      'doctor',
    ]) {
      expect(run([command, '--help'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`annsmith ${command}`),
      });
    }
  });

  it.each([
    [['optimise'], /unknown command 'optimise'/],
    [['optimize'], /--module/],
    [['optimize', '--module', 'storage'], /construction, search, refinement/],
    [['optimize', '--module', 'search', '--group', '1'], /whole number from 2 to 64/],
    [['datasets', 'get'], /missing required argument 'name'/],
  ])('%j is a usage error', (args, message) => {
    const { code, stdout, stderr } = run(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });
});

describe('errors', () => {
  it('no workspace', () => {
    const { code, stderr } = run(['modules']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/annsmith\.json was not found.*\n.*annsmith init/);
  });

  it('an unknown dataset lists the known ones, as JSON too', () => {
    const { code, stdout, stderr } = run(['datasets', 'get', 'mnist', '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('mnist-784-euclidean');
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'dataset-unknown', message: expect.stringContaining('mnist') },
    });
  });

  it('a manifest with every kind of mistake: all are named at once, with field and fix', () => {
    const root = workspace('mistakes', (manifest) => {
      manifest.colour = 'red';
      const modules = manifest.modules as { search: { regions: { file: string; symbol: string }[] } };
      modules.search.regions[1]!.symbol = 'VisitedSets';
      modules.search.regions[2]!.file = 'include/hnsw/serach.h';
    });
    const first = run(['modules', '--workspace', root]);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/annsmith\.json: colour: unknown key/);
    const manifest = JSON.parse(readFileSync(join(root, 'annsmith.json'), 'utf8'));
    delete manifest.colour;
    writeFileSync(join(root, 'annsmith.json'), JSON.stringify(manifest));
    const second = run(['modules', '--workspace', root]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/modules\.search\.regions\[1\]\.symbol.*VisitedSets.*VisitedSet/s);
    expect(second.stderr).toMatch(/modules\.search\.regions\[2\]\.file.*serach\.h/s);
  });

  it('broken JSON names the line', () => {
    const root = workspace('broken', () => undefined);
    writeFileSync(join(root, 'annsmith.json'), '{\n  "name": "x",\n  oops\n}');
    const { code, stderr } = run(['modules', '--workspace', root]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/annsmith\.json.*3/s);
  });

  it('a run that is not in the ledger', () => {
    const root = workspace('no-runs', () => undefined);
    expect(run(['runs', 'list', '--workspace', root, '--json'])).toMatchObject({
      code: 0,
      stdout: '{"runs":[]}\n',
    });
    const { code, stderr } = run(['runs', 'show', 'nope', '--workspace', root]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ledger\.jsonl: there is no run nope/);
  });

  it('a policy that there is not, and a key that is not set', () => {
    const root = workspace('policies', () => undefined);
    const optimize = ['optimize', '--workspace', root, '--module', 'search', '--policy'];
    expect(run([...optimize, 'gpt-5'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /there is no policy gpt-5\n.*playbook, openai:MODEL, vscode:VENDOR\/FAMILY/,
      ),
    });
    expect(run([...optimize, 'vscode:copilot/gpt-5'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no VS Code here'),
    });
    const rewards = ['serve-rewards', '--workspace', root, '--module', 'search'];
    expect(run(rewards, { ANNSMITH_REWARD_TOKEN: 'short' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ANNSMITH_REWARD_TOKEN is shorter.*\n.*export ANNSMITH_REWARD_TOKEN=/),
    });
  });

  it('doctor finds a missing compiler and says what to install', () => {
    const { code, stdout } = run(['doctor', '--json'], { CXX: 'no-such-compiler' });
    expect(code).toBe(1);
    const { ok, diagnoses } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(diagnoses).toContainEqual(
      expect.objectContaining({
        name: 'compiler',
        state: 'bad',
        fix: expect.stringContaining('Install g++'),
      }),
    );
  });

  it('an import of vectors with a NaN names file and place, and keeps nothing', () => {
    const file = join(home, 'nan.fbin');
    const bytes = Buffer.alloc(8 + 3000 * 4 * 4);
    bytes.writeUInt32LE(3000, 0);
    bytes.writeUInt32LE(4, 4);
    bytes.writeFloatLE(Number.NaN, 8 + 7 * 4);
    writeFileSync(file, bytes);
    const { code, stderr } = run(['datasets', 'import', 'mine', '--base', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/nan\.fbin.*row 1/s);
    expect(existsSync(join(home, 'cache', 'datasets', 'mine'))).toBe(false);
  });
});

describe('results', () => {
  it('modules prints one JSON document and nothing else on stdout', () => {
    const { code, stdout, stderr } = run(['modules', '--workspace', exampleRoot, '--json']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const { modules } = JSON.parse(stdout);
    expect(modules.map((m: { name: string }) => m.name)).toEqual(['construction', 'search', 'refinement']);
  });

  it('init shows what it would write, and writes with --yes only', () => {
    const root = join(home, 'fresh');
    cpSync(join(exampleRoot, 'include'), join(root, 'include'), { recursive: true });
    cpSync(join(exampleRoot, 'adapter.cc'), join(root, 'adapter.cc'));
    expect(run(['init', root]).code).toBe(0);
    expect(existsSync(join(root, 'annsmith.json'))).toBe(false);
    expect(run(['init', root, '--yes']).code).toBe(0);
    expect(existsSync(join(root, 'annsmith.json'))).toBe(true);
    expect(run(['modules', '--workspace', root]).code).toBe(0);
  });

  it('Ctrl-C ends a command with 130 and leaves nothing behind', async () => {
    const root = workspace('cancelled', (manifest) => {
      manifest.datasets = ['tiny'];
    });
    const random = seededRandom('tiny');
    const bytes = Buffer.alloc(8 + 6000 * 32 * 4);
    bytes.writeUInt32LE(6000, 0);
    bytes.writeUInt32LE(32, 4);
    for (let i = 8; i < bytes.length; i += 4) bytes.writeFloatLE(random.next(), i);
    writeFileSync(join(home, 'tiny.fbin'), bytes);
    expect(run(['datasets', 'import', 'tiny', '--base', join(home, 'tiny.fbin')]).code).toBe(0);

    const child = spawn(process.execPath, [cli, 'bench', '--workspace', root, '--seconds', '600'], {
      cwd: home,
      env: { ...process.env, ANNSMITH_CACHE: join(home, 'cache'), TMPDIR: join(home, 'tmp') },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let stderr = '';
    let interrupted = false;
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
      // To the whole group, as a terminal does it, while the harness is timing.
      if (!interrupted && stderr.includes('timing ef')) process.kill(-child.pid!, 'SIGINT');
      interrupted ||= stderr.includes('timing ef');
    });
    const [code] = await once(child, 'exit');
    expect(code, stderr).toBe(130);
    const left = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' }).stdout.split('\n');
    expect(left.filter((line) => line.includes(home) && !line.startsWith('Z'))).toEqual([]);
    expect(readdirSync(join(home, 'tmp'))).toEqual([]);
  });
});
