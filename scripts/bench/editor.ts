/**
 * What the extension costs an editor: in a workspace of 10,000 C++ files, the time of activation, the time to the first
 * CodeLens, processor time at rest, and how late the extension host's event loop is while a run is on. Needs what
 * `npm test` installs: a VS Code for the browser and a Chromium.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packForPlatform, StoryWindow } from '../../test/ui/storyWindow.ts';
import type { Workbench } from '../../test/ui/workbench.ts';

const files = 10_000;
const restSeconds = 20;
/** What start-up has left to do is no rest. */
const settleSeconds = 20;
/** Of /proc/PID/stat. */
const ticksPerSecond = 100;
const dataset = 'synthetic-clusters:n=4000,d=32,seed=1';

function say(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(56)} ${value}\n`);
}

/** Files of different sizes in folders of a hundred, as a large C++ project has them. */
function makeLarge(workspace: string): void {
  for (let i = 0; i < files; i++) {
    const folder = join(workspace, 'lib', `part${Math.floor(i / 100)}`);
    if (i % 100 === 0) mkdirSync(folder, { recursive: true });
    const functions = Array.from(
      { length: 1 + (i % 20) },
      (_, f) => `inline int function_${i}_${f}(int value) {\n  return value * ${f} + ${i};\n}\n`,
    );
    writeFileSync(join(folder, `file${i}.${i % 2 === 0 ? 'h' : 'cc'}`), functions.join('\n'));
  }
}

/**
 * An extension beside ours in the same extension host: once the file `start` is there it writes how late the event loop
 * was, in every second. Before, it costs nothing. On its own it can show a lens that needs no work at all.
 */
function addProbe(exts: string, folder: string, lens?: string): void {
  const out = join(folder, 'delays.jsonl');
  const name = 'annsmith.probe-1.0.0';
  const probe = join(exts, name);
  mkdirSync(probe, { recursive: true });
  register(exts, name);
  const manifest = {
    name: 'probe',
    publisher: 'annsmith',
    version: '1.0.0',
    engines: { vscode: '^1.95.0' },
    main: './probe.js',
    extensionKind: ['workspace'],
    activationEvents: ['*'],
  };
  writeFileSync(join(probe, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(probe, 'probe.js'),
    `const { appendFileSync, watch } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { CodeLens, languages, Range } = require('vscode');
const title = ${JSON.stringify(lens ?? null)};
exports.activate = () => {
  if (title !== null) {
    const lens = new CodeLens(new Range(0, 0, 0, 0), { title, command: 'noop' });
    languages.registerCodeLensProvider({ language: 'cpp' }, { provideCodeLenses: () => [lens] });
  }
  const watcher = watch(${JSON.stringify(folder)}, (_, name) => {
    if (name !== 'start') return;
    watcher.close();
    const resolution = 10;
    const delay = monitorEventLoopDelay({ resolution });
    delay.enable();
    const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution);
    setInterval(() => {
      const line = { at: Date.now(), p99: late(delay.percentile(99)), max: late(delay.max) };
      appendFileSync(${JSON.stringify(out)}, JSON.stringify(line) + '\\n');
      delay.reset();
    }, 1000);
  });
};
`,
  );
}

/** When the editor began to activate an extension, as its log has it. */
function activated(folder: string, extension: string): number {
  const logs = join(folder, 'data', 'logs');
  const name = readdirSync(logs, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('remoteexthost.log'),
  );
  const line = readFileSync(join(logs, name!), 'utf8')
    .split('\n')
    .find((text) => text.includes(`_doActivateExtension ${extension},`));
  return new Date(/^\S+ \S+/.exec(line!)![0]).getTime();
}

/** Milliseconds from the start of the engine server to its greeting, as the extension's log has it. */
function serverStart(folder: string): number {
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('Annsmith.log'),
  );
  return Number(/ runs after (\d+) ms/.exec(readFileSync(join(folder, name!), 'utf8'))![1]);
}

/** The editor starts no extension that this list lacks. */
function register(exts: string, name: string): void {
  const file = join(exts, 'extensions.json');
  const listed = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as unknown[]) : [];
  const [id, version] = name.split(/-(?=\d)/);
  const location = { $mid: 1, path: join(exts, name), scheme: 'file' };
  listed.push({ identifier: { id }, version, location, relativeLocation: name });
  writeFileSync(file, JSON.stringify(listed));
}

interface Second {
  readonly at: number;
  readonly p99: number;
  readonly max: number;
}

/** Milliseconds of processor time of a process so far, itself and its children that have ended. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const ticks = [11, 12, 13, 14].map((index) => Number(fields[index]));
  return (ticks.reduce((sum, value) => sum + value, 0) * 1000) / ticksPerSecond;
}

/** Milliseconds per second over some seconds. */
async function load(pid: number): Promise<number> {
  const before = processorTime(pid);
  await pause(restSeconds * 1000);
  return (processorTime(pid) - before) / restSeconds;
}

/** Milliseconds to the first lens, from the extension's activation or the file's opening on, whichever came later. */
async function firstLens({ workbench, folder }: StoryWindow, title: string, of: string): Promise<number> {
  await workbench.openFile('search.h');
  const shown = Date.now();
  await workbench.codeLens(title).first().waitFor();
  return Date.now() - Math.max(shown, activated(folder, of));
}

/** Milliseconds from the tab of a file to its first lens. */
async function lensOf(workbench: Workbench, file: string, title: string): Promise<number> {
  await workbench.openFile(file);
  const opened = Date.now();
  await workbench.codeLens(title).first().waitFor();
  return Date.now() - opened;
}

/** The first lens of a window that starts with the file, and that of another file after it. */
async function whileStarting(): Promise<void> {
  const window = await StoryWindow.open(vsix, settings, (_, workspace) => makeLarge(workspace));
  try {
    const { workbench } = window;
    const first = await firstLens(window, 'Optimize search', 'annsmith.annsmith');
    say('first CodeLens, of a file opened while the window starts', `${first} ms`);
    say('of that, engine server from its start to its greeting', `${serverStart(window.folder)} ms`);
    say('the same of an extension that shows one at once', `${least.lens} ms`);
    const later = await lensOf(workbench, 'construction.h', 'Optimize construction');
    say('CodeLens of a file that is opened later', `${later} ms`);
  } finally {
    await window.close();
  }
}

/** What a VS Code costs that has the same folder open and no extension of ours: the least that ours could cost. */
async function without(): Promise<{ readonly lens: number; readonly rest: number }> {
  const window = await StoryWindow.open(undefined, {}, (folder, workspace) => {
    makeLarge(workspace);
    addProbe(join(folder, 'exts'), folder, 'A lens at once');
  });
  try {
    const lens = await firstLens(window, 'A lens at once', 'annsmith.probe');
    await pause(settleSeconds * 1000);
    return { lens, rest: await load(window.processes('--type=extensionHost')[0]!.pid) };
  } finally {
    await window.close();
  }
}

/** Runnable threads beside this one make everything below later; on a quiet machine this is about 0. */
const others = loadavg()[0]! / availableParallelism();
say('load per core before, from work of others', others.toFixed(1));

const settings = { 'annsmith.groupSize': 4, 'annsmith.budgetMinutes': 1 };
const vsix = packForPlatform();
const least = await without();
await whileStarting();
const window = await StoryWindow.open(vsix, settings, (folder, workspace) => {
  makeLarge(workspace);
  addProbe(join(folder, 'exts'), folder);
});
try {
  const { workbench } = window;
  const until = Date.now() + 60_000;
  while (window.processes('server.mjs').length === 0) {
    if (Date.now() > until) throw new Error(`no engine server after a minute: ${await window.said()}`);
    await pause(100);
  }
  await workbench.command('Developer: Show Running Extensions');
  const row = workbench.page.locator('.extension', { hasText: 'Annsmith' }).locator('.activation-time');
  say('activation, as "Show Running Extensions" has it', await row.first().innerText());
  // It is a dialog, over everything else.
  await workbench.page.keyboard.press('Escape');

  const [server] = window.processes('server.mjs');
  const [host] = window.processes('--type=extensionHost');
  await pause(settleSeconds * 1000);
  const [serverLoad, hostLoad] = await Promise.all([load(server!.pid), load(host!.pid)]);
  say(`processor time at rest, engine server (${restSeconds} s)`, `${serverLoad.toFixed(1)} ms/s`);
  say('processor time at rest, extension host with all extensions', `${hostLoad.toFixed(1)} ms/s`);
  say('processor time at rest, extension host without ours', `${least.rest.toFixed(1)} ms/s`);
  say(
    'first CodeLens, of a file opened with all that at rest',
    `${await lensOf(workbench, 'search.h', 'Optimize search')} ms`,
  );

  await workbench.showContainer('Annsmith');
  writeFileSync(join(window.folder, 'start'), '');
  await workbench.optimize('search.h', dataset, 'playbook');
  const began = Date.now();
  await workbench
    .row('Candidates', /^done: Search|^Search · .* no gain confirmed/)
    // Its timing waits for that of others.
    .waitFor({ timeout: 20 * 60_000 });
  const ended = Date.now();
  const seconds = readFileSync(join(window.folder, 'delays.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Second)
    .filter(({ at }) => at > began && at <= ended);
  say('run on a small dataset', `${((ended - began) / 1000).toFixed(0)} s`);
  const worst = (pick: (second: Second) => number): string =>
    `${Math.max(...seconds.map(pick)).toFixed(1)} ms`;
  say(
    'event-loop delay of the extension host, p99 of its worst second',
    worst(({ p99 }) => p99),
  );
  say(
    'event-loop delay of the extension host, longest',
    worst(({ max }) => max),
  );
} finally {
  await window.close();
}
