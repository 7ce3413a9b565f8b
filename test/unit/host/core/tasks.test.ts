import { describe, expect, it } from 'vitest';
import packageManifest from '../../../../package.json' with { type: 'json' };
import { orderOf, parseDefinition } from '../../../../src/host/tasks/definition.ts';
import { asCompilerLine, RunScreen } from '../../../../src/host/tasks/runScreen.ts';
import { defaultModelSettings } from '../../../../src/protocol/model.ts';
import { moduleNames } from '../../../../src/protocol/module.ts';
import { plain } from './plain.ts';

const model = { ...defaultModelSettings, temperature: 0.5 };
const settings = { dataset: '', policy: 'playbook', group: 8, rounds: 1, budgetMinutes: 15, model };
const definitionOf = (fields: object) => {
  const parsed = parseDefinition({ type: 'annsmith', module: 'search', ...fields });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.definition;
};

describe('task definitions', () => {
  it('take from the settings what they do not say', () => {
    const order = orderOf(definitionOf({}), '/w', { ...settings, dataset: 'b' }, moduleNames);
    expect(order).toEqual({
      kind: 'start',
      params: {
        root: '/w',
        modules: ['search'],
        datasets: ['b'],
        group: 8,
        rounds: 1,
        budgetMinutes: 15,
        policy: 'playbook',
        model,
        seed: 1,
      },
    });
  });

  it('come before the settings', () => {
    const fields = {
      module: 'all',
      dataset: 'a, synthetic-uniform:n=1000,d=4',
      policy: 'playbook,openai:m',
      group: 2,
      rounds: 3,
      seed: 7,
    };
    const order = orderOf(definitionOf({ ...fields, budgetMinutes: 0 }), '/w', settings, moduleNames);
    expect(order.params).toMatchObject({
      modules: ['construction', 'search', 'refinement'],
      datasets: ['a', 'synthetic-uniform:n=1000,d=4'],
      policy: 'playbook,openai:m',
      group: 2,
      rounds: 3,
      seed: 7,
      budgetMinutes: null,
    });
  });

  it('mean by all modules those that there are', () => {
    const order = orderOf(definitionOf({ module: 'all' }), '/w', settings, ['construction', 'search']);
    expect(order.params).toMatchObject({ modules: ['construction', 'search'] });
  });

  it('resume a run', () => {
    const order = orderOf(definitionOf({ resume: 'r1' }), '/w', settings, moduleNames);
    expect(order).toEqual({ kind: 'resume', params: { root: '/w', run: 'r1', model }, modules: ['search'] });
  });

  it('train the built-in policy, one round unless they say more, as long as it takes', () => {
    const trained = definitionOf({ module: 'all', grpo: 'online', rounds: 3 });
    expect(orderOf(trained, '/w', settings, moduleNames)).toEqual({
      kind: 'train',
      params: {
        root: '/w',
        mode: 'online',
        modules: null,
        datasets: settings.dataset === '' ? [] : [settings.dataset],
        rounds: 3,
        group: settings.group,
        budgetMinutes: null,
        seed: 1,
      },
      modules: moduleNames,
    });
    const offline = orderOf(definitionOf({ grpo: 'offline', budgetMinutes: 5 }), '/w', settings, moduleNames);
    expect(offline).toMatchObject({
      kind: 'train',
      params: { mode: 'offline', rounds: 1, modules: ['search'], budgetMinutes: 5 },
    });
  });

  it('are refused with the field that is wrong', () => {
    expect(parseDefinition({ type: 'annsmith', module: 'indexing' })).toMatchObject({ ok: false });
    const parsed = parseDefinition({ type: 'annsmith', module: 'search', group: 1 });
    expect(parsed.ok ? '' : parsed.problem).toMatch(/^group: /);
    const policy = parseDefinition({ type: 'annsmith', module: 'search', policy: 'gpt-5' });
    expect(policy.ok ? '' : policy.problem).toBe(
      'policy: not playbook, openai:MODEL or vscode:VENDOR/FAMILY, or several with commas',
    );
    const odd = parseDefinition({ type: 'annsmith', module: 'all', grpo: 'online', resume: 'r1' });
    expect(odd.ok ? '' : odd.problem).toBe('resume: rounds of GRPO do not have it');
  });

  it('have every field in the manifest, as the editor drops those it does not know', () => {
    const [task] = packageManifest.contributes.taskDefinitions;
    const known = Object.keys(task!.properties).sort();
    // No task has all of them at once.
    const training = { grpo: 'online', module: 'all' };
    const all = {
      dataset: 'a',
      policy: 'openai:m',
      budgetMinutes: 1,
      group: 2,
      rounds: 1,
      seed: 1,
      resume: 'r',
      folder: 'f',
    };
    expect(
      [...new Set([...Object.keys(definitionOf(all)), ...Object.keys(definitionOf(training))])]
        .filter((key) => key !== 'type')
        .sort(),
    ).toEqual(known);
  });
});

describe('the terminal of a run', () => {
  const screenOf = () => {
    let now = 0;
    let written: string[] = [];
    const screen = new RunScreen(
      (data) => written.push(data),
      plain,
      () => now,
    );
    const pass = (ms: number): void => {
      now += ms;
    };
    const take = (): string => {
      const text = written.join('');
      written = [];
      return text;
    };
    return { screen, pass, take };
  };
  const matcher = new RegExp(packageManifest.contributes.problemMatchers[0]!.pattern.regexp);

  it('keeps one line in place below the log', () => {
    const { screen, pass, take } = screenOf();
    screen.progress({ stage: 'measure', message: 'candidate 1', fraction: 0.42, remainingSeconds: 180 });
    expect(take()).toBe('0:00  measure: candidate 1\r\n\r\x1b[Kmeasure · 42 % · 3 min left · 0:00 elapsed');
    pass(50);
    screen.progress({ stage: 'measure', message: 'candidate 1', fraction: 0.43 });
    expect(take(), 'too soon').toBe('');
    pass(60);
    screen.progress({ stage: 'measure', message: 'candidate 1', fraction: 0.44 });
    expect(take()).toBe('\r\x1b[Kmeasure · 44 % · 0:00 elapsed');
    screen.end('done');
    expect(take()).toBe('\r\x1b[K\x1b[A\r\ndone\r\n');
    screen.tick();
    expect(take()).toBe('');
  });

  it('is never wider than the window', () => {
    const { screen, take } = screenOf();
    screen.columns = 30;
    screen.progress({ stage: 'a long name of a stage that goes on', message: 'm', fraction: 0.1 });
    expect(take().split('\x1b[K')[1]!.length).toBeLessThan(30);
  });

  it('lets nothing from outside steer the terminal', () => {
    const { screen, take } = screenOf();
    screen.line('a\x1b[2Jb\x07c\r\nd\te');
    expect(take()).toBe('abc\r\nd\te\r\n');
  });

  it('shows failures of the reference to the problem matcher, those of candidates not', () => {
    const { screen, take } = screenOf();
    screen.progress({ stage: 'build', message: 'compiling' });
    take();
    screen.log('info', 'include/hnsw/search.h:3:4: error: no such type');
    screen.end(asCompilerLine('include/hnsw/search.h:12: expected ;'));
    // What the editor makes of it: lines, without escape sequences.
    const lines = take()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      .replace(/\x1b\[[0-9;]*[A-Za-z]/g, '')
      .split('\r\n');
    const found = lines.map((line) => matcher.exec(line)).filter((match) => match !== null);
    expect(found.map((match) => [...match].slice(1))).toEqual([
      ['include/hnsw/search.h', '12', '1', 'error', 'expected ;'],
    ]);
  });

  it('leaves lines of compilers and other messages as they are', () => {
    expect(asCompilerLine('a.h:1:2: error: x')).toBe('a.h:1:2: error: x');
    expect(asCompilerLine('no compiler: install one')).toBe('no compiler: install one');
  });
});
