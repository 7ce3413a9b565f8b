import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { dataFolder } from '../../../src/engine/dataFolder.ts';
import { commands, roundsPanelType } from '../../../src/host/ids.ts';
import type { EngineEvent } from '../../../src/protocol/engine.ts';
import { extension, next, root, until } from './window.ts';

const dataset = 'synthetic-clusters:n=4000,d=24,queries=3000,seed=5';

/** A task as a person writes it in tasks.json. */
function task(fields: Record<string, unknown>): vscode.Task {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  return new vscode.Task({ type: 'annsmith', ...fields }, folder!, String(fields['module']), 'annsmith');
}

/** Runs a task to its end. */
async function run(wanted: vscode.Task): Promise<number | undefined> {
  const ended = next('the end of the task', vscode.tasks.onDidEndTaskProcess, () => true, 9 * 60_000);
  await vscode.tasks.executeTask(wanted);
  return (await ended).exitCode;
}

async function offered(module: string): Promise<vscode.Task> {
  const tasks = await vscode.tasks.fetchTasks({ type: 'annsmith' });
  const found = tasks.find(({ definition }) => definition['module'] === module);
  assert.ok(found, `a task for ${module} among ${tasks.length}`);
  return found;
}

/** The task of a module with other fields: the editor completes it through the provider. */
async function changed(module: string, fields: Record<string, unknown>): Promise<vscode.Task> {
  const { definition, scope, name, source, execution, problemMatchers, presentationOptions } =
    await offered(module);
  const copy = new vscode.Task(
    { ...definition, ...fields },
    scope as vscode.WorkspaceFolder,
    name,
    source,
    execution,
    problemMatchers,
  );
  copy.presentationOptions = presentationOptions;
  return copy;
}

/** Starts a run on search; resolves once it can be resumed. */
async function startedRun(
  fields: Record<string, unknown>,
): Promise<{ readonly id: string; readonly ended: Promise<number | undefined> }> {
  const { engine } = await extension().activate();
  const opened = next('the run', engine.onEvent, (event) => event.kind === 'run', 100_000);
  const ended = run(await changed('search', fields));
  const event = await opened;
  if (event.kind !== 'run') throw new Error(event.kind);
  return { id: event.run, ended };
}

async function untilStatus(run: string, status: string): Promise<void> {
  const { store } = await extension().activate();
  const holds = (): boolean => store.runsOf(root()).find(({ id }) => id === run)?.status === status;
  await until(`${status}: ${run}`, store.onChange, holds, 60_000);
}

suite('tasks', () => {
  suiteSetup(async () => {
    const path = join(root(), 'annsmith.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    manifest.datasets = [dataset];
    manifest.search.recallWindow = [0.8, 0.95];
    manifest.budgets = { candidateSeconds: 5 };
    await writeFile(path, JSON.stringify(manifest, undefined, 2));
    const { store } = await extension().activate();
    await until('the manifest', store.onChange, () => store.workspaces[0]?.datasets[0] === dataset);
  });

  test('one is offered for each module, one for all, and one that trains', async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: 'annsmith' });
    assert.deepEqual(
      tasks.map(({ definition }) => [definition['module'], definition['grpo']]),
      [
        ['construction', undefined],
        ['search', undefined],
        ['refinement', undefined],
        ['all', undefined],
        ['all', 'online'],
      ],
    );
    for (const { problemMatchers, presentationOptions } of tasks) {
      assert.deepEqual(problemMatchers, ['$annsmith-compiler']);
      assert.equal(presentationOptions.focus, false);
    }
  });

  test('a task that makes no sense fails with a reason', async () => {
    assert.equal(await run(await changed('search', { group: 1 })), 1);
  });

  test('cancelled, a run ends with 130 and can be resumed', async () => {
    const { runs } = await extension().activate();
    const { id, ended } = await startedRun({ group: 2 });
    assert.deepEqual(runs.active?.modules, ['search']);
    assert.equal(runs.active.run, id);
    runs.cancel();
    assert.equal(await ended, 130);
    assert.equal(runs.active, undefined);
    await untilStatus(id, 'cancelled');
  }).timeout(120_000);

  test('cut off by the end of the server, a run is gone on with to its end', async () => {
    const { engine, runs, store } = await extension().activate();
    const { id, ended } = await startedRun({ group: 2, seed: 3, budgetMinutes: 0.5 });
    process.kill(engine.pid!, 'SIGKILL');
    assert.equal(await ended, 1);
    await untilStatus(id, 'unfinished');

    const events: EngineEvent[] = [];
    const listener = engine.onEvent((event) => events.push(event));
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    assert.equal(await run(await changed('search', { resume: id })), 0);
    delay.disable();
    listener.dispose();
    assert.equal(runs.active, undefined);
    assert.ok(events.some((event) => event.kind === 'progress' && event.fraction !== undefined));
    // The worst single one says as much of what else the machine does; the histogram is in nanoseconds.
    const [p99, worst] = [delay.percentile(99), delay.max].map((ns) => Math.round(ns / 1e6));
    assert.ok(p99! < 50, `event-loop delay of the extension host: 99 % within ${p99} ms, worst ${worst} ms`);
    await untilStatus(id, 'done');
    const done = store.runsOf(root()).find((known) => known.id === id);
    const candidates = done?.groups.flatMap((group) => group.candidates) ?? [];
    assert.equal(candidates.length, 2);
    assert.ok(candidates.every(({ verdict }) => verdict !== null));
  }).timeout(540_000);

  test('a round of GRPO trains the policy on what it measures; its version can be promoted and taken back', async () => {
    const { runs, store } = await extension().activate();
    await until('the versions', store.onChange, () => store.policies !== undefined);
    const [prior] = store.policies!.versions;
    const ended = run(await changed('search', { grpo: 'online', group: 3, seed: 7 }));
    await until('the round', runs.onChange, () => runs.active?.kind === 'train');
    assert.equal(await ended, 0);
    await until('its report', store.onChange, () => store.policies!.rounds.length === 1);
    const [round] = store.policies!.rounds;
    assert.equal(round?.from, prior?.version);
    assert.ok(Number.isFinite(round?.training?.kl), JSON.stringify(round));
    assert.ok(round?.evaluation !== null, 'the new version was measured');
    const sampling = (): string | undefined =>
      store.policies!.versions.find((version) => version.promoted)?.version;
    assert.equal(sampling(), round?.promoted === true ? round.version : prior?.version);

    await vscode.commands.executeCommand(commands.promoteVersion, { version: round?.version });
    await until('the new version', store.onChange, () => sampling() === round?.version);
    const pointer = join(dataFolder(), 'policies', 'playbook', 'promoted.json');
    const withNew = await readFile(pointer, 'utf8');
    await vscode.commands.executeCommand(commands.rollBackVersion);
    await until('the prior', store.onChange, () => sampling() === prior?.version);
    // As another process does it.
    await writeFile(pointer, withNew);
    await until('what was promoted elsewhere', store.onChange, () => sampling() === round?.version);
    await vscode.commands.executeCommand(commands.rollBackVersion);
    await until('the prior again', store.onChange, () => sampling() === prior?.version);

    await vscode.commands.executeCommand(commands.showRounds);
    const shown = (): boolean =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .some(
          ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(roundsPanelType),
        );
    await until('the view of rounds', vscode.window.tabGroups.onDidChangeTabs, shown);
  }).timeout(540_000);

  test('a task of tasks.json is completed', async () => {
    const written = task({ module: 'search', group: 1 });
    const resolved = next('its end', vscode.tasks.onDidEndTaskProcess, () => true, 60_000);
    await vscode.workspace
      .getConfiguration('tasks', vscode.workspace.workspaceFolders?.[0])
      .update(
        'tasks',
        [{ ...written.definition, label: 'mine', problemMatcher: [] }],
        vscode.ConfigurationTarget.WorkspaceFolder,
      );
    const all = await vscode.tasks.fetchTasks();
    const mine = all.find(({ name }) => name === 'mine');
    assert.ok(mine, all.map(({ name }) => name).join(', '));
    await vscode.tasks.executeTask(mine);
    // Its group of one is refused, by our own terminal.
    assert.equal((await resolved).exitCode, 1);
  });
});
