/** package.json, its strings and translations, and the ids in the code say the same. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportStrings, hostSources } from '../../../scripts/l10n/exportStrings.ts';
import * as ids from '../../../src/host/ids.ts';
import { defaultModelSettings } from '../../../src/protocol/model.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const textOf = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const jsonOf = <T>(...path: string[]): T => JSON.parse(textOf(...path)) as T;

interface Item {
  readonly command?: string;
  readonly when?: string;
  readonly group?: string;
}
interface Setting {
  readonly scope?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly enum?: readonly unknown[];
  readonly markdownEnumDescriptions?: readonly string[];
}
interface Step {
  readonly id: string;
  readonly media: { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}
interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly icon: string;
  readonly keywords: readonly string[];
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly commands: readonly (Item & {
      readonly command: string;
      readonly title: string;
      readonly icon?: string;
      readonly enablement?: string;
    })[];
    readonly menus: Readonly<Record<string, readonly Item[]>>;
    readonly keybindings: readonly Item[];
    readonly viewsContainers: Readonly<
      Record<string, readonly { readonly id: string; readonly icon: string }[]>
    >;
    readonly views: Readonly<
      Record<string, readonly { readonly id: string; readonly icon: string; readonly name: string }[]>
    >;
    readonly viewsWelcome: readonly { readonly view: string; readonly when?: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
    readonly taskDefinitions: readonly { readonly type: string }[];
    readonly problemMatchers: readonly { readonly name: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly Step[] }[];
    readonly jsonValidation: readonly { readonly url: string }[];
  };
}

const manifest = jsonOf<Manifest>('package.json');
const { contributes } = manifest;
const strings = jsonOf<Record<string, string>>('package.nls.json');
const properties = contributes.configuration.properties;
const values = (object: Readonly<Record<string, string>>): string[] => Object.values(object).sort();
const menuItems = Object.values(contributes.menus).flat();

/** Every `when` and `enablement` of the manifest. */
const conditions: readonly string[] = [
  ...menuItems,
  ...contributes.keybindings,
  ...contributes.viewsWelcome,
  ...contributes.commands.map(({ enablement }) => ({ when: enablement })),
].flatMap(({ when }) => when ?? []);

/** Commands that strings of the manifest link to. */
const linkedCommands = Object.values(strings)
  .flatMap((text) => [...text.matchAll(/\(command:([\w.]+)/g)].map((match) => match[1]!))
  .filter((command) => command.startsWith('annsmith.'));

describe('ids of the code and of the manifest', () => {
  it('have the same commands', () => {
    expect(contributes.commands.map(({ command }) => command).sort()).toEqual(values(ids.commands));
  });

  it('have the same settings', () => {
    expect(Object.keys(properties).sort()).toEqual(values(ids.settings));
    for (const id of Object.keys(properties)) expect(id.startsWith(`${ids.settingsSection}.`)).toBe(true);
  });

  it('have the same views, in one container', () => {
    const containers = Object.values(contributes.viewsContainers).flat();
    expect(containers.map(({ id }) => id)).toEqual([ids.views.container]);
    expect(Object.keys(contributes.views)).toEqual([ids.views.container]);
    const viewIds = contributes.views[ids.views.container]!.map(({ id }) => id);
    expect([ids.views.container, ...viewIds].sort()).toEqual(values(ids.views));
    for (const { view } of contributes.viewsWelcome) expect(viewIds).toContain(view);
  });

  it('have the same walkthrough, task type and problem matcher', () => {
    expect(contributes.walkthroughs.map(({ id }) => id)).toEqual([ids.walkthrough]);
    expect(contributes.taskDefinitions.map(({ type }) => type)).toEqual([ids.taskType]);
    expect(contributes.problemMatchers.map(({ name }) => name)).toEqual([ids.problemMatcher]);
    expect(manifest.activationEvents).toContain(`onTaskType:${ids.taskType}`);
    expect(manifest.activationEvents).toContain(`onWebviewPanel:${ids.curvesPanelType}`);
  });

  it('activate for folders with work only', () => {
    expect(manifest.activationEvents).not.toContain('*');
    expect(manifest.activationEvents).not.toContain('onStartupFinished');
  });

  it('have the same kinds of rows: each is in a condition, each condition is about one', () => {
    const kinds = values(ids.itemKinds);
    const equal = conditions.flatMap((when) => [...when.matchAll(/viewItem == ([\w.]+)/g)].map((m) => m[1]!));
    const patterns = conditions.flatMap((when) =>
      [...when.matchAll(/viewItem =~ \/(.+?)\//g)].map((m) => m[1]!),
    );
    const regexes = patterns.map((pattern) => new RegExp(pattern));
    for (const kind of equal) expect(kinds).toContain(kind);
    for (const regex of regexes)
      expect(
        kinds.some((kind) => regex.test(kind)),
        String(regex),
      ).toBe(true);
    // Rows of a group have nothing to choose from.
    const bound = kinds.filter((kind) => equal.includes(kind) || regexes.some((regex) => regex.test(kind)));
    expect(kinds.filter((kind) => !bound.includes(kind))).toEqual([ids.itemKinds.group]);
  });

  it('have the same context keys', () => {
    const named = [...contextKeysIn(conditions), ...contextKeysIn(completionConditions())];
    const keys = values(ids.contextKeys);
    expect(named.filter((key) => !keys.includes(key))).toEqual([]);
    expect(keys.filter((key) => !named.includes(key))).toEqual([]);
  });
});

function completionConditions(): string[] {
  const events = contributes.walkthroughs
    .flatMap(({ steps }) => steps)
    .flatMap((step) => step.completionEvents);
  return events.filter((event) => event.startsWith('onContext:'));
}

/** Keys of ours that conditions name: what is neither a view, a view's item, nor a comment controller. */
function contextKeysIn(texts: readonly string[]): string[] {
  const rest = texts.map((text) =>
    text.replace(/\b(view|viewItem|commentController) (==|=~) (\/.+?\/|[\w.]+)/g, ''),
  );
  return rest.flatMap((text) => [...text.matchAll(/\bannsmith\.[\w.]+/g)].map((match) => match[0]));
}

describe('what the manifest refers to', () => {
  it('is a command of ours', () => {
    const known = values(ids.commands);
    const events = contributes.walkthroughs
      .flatMap(({ steps }) => steps)
      .flatMap((step) => step.completionEvents);
    const named = [
      ...[...menuItems, ...contributes.keybindings].flatMap(({ command }) => command ?? []),
      ...events.filter((event) => event.startsWith('onCommand:')).map((event) => event.slice(10)),
      ...linkedCommands,
    ];
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((command) => !known.includes(command))).toEqual([]);
  });

  it('is a walkthrough of ours', () => {
    const linked = Object.values(strings).flatMap((text) =>
      [...text.matchAll(/openWalkthrough\?([^)]+)/g)].map((match) => decodeURIComponent(match[1]!)),
    );
    const id = `${manifest.publisher}.${manifest.name}#${ids.walkthrough}`;
    for (const link of linked) expect(JSON.parse(link)).toBe(id);
  });

  it('is a file that exists', () => {
    const files = [
      manifest.icon,
      ...Object.values(contributes.viewsContainers)
        .flat()
        .map(({ icon }) => icon),
      ...Object.values(contributes.views)
        .flat()
        .map(({ icon }) => icon),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps).map(({ media }) => media.svg),
      ...contributes.jsonValidation.map(({ url }) => url),
    ];
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('has at most three inline actions per row', () => {
    for (const kind of values(ids.itemKinds)) {
      const inline = contributes.menus['view/item/context']!.filter(({ when = '', group = '' }) => {
        const pattern = /viewItem =~ \/(.+?)\//.exec(when)?.[1];
        const applies = pattern === undefined ? when.endsWith(`== ${kind}`) : new RegExp(pattern).test(kind);
        return applies && group.startsWith('inline');
      });
      expect(inline.length, kind).toBeLessThanOrEqual(3);
    }
  });

  it('has an icon for every inline action and every action in a title', () => {
    const shown = [...menuItems].filter(({ group = '' }) => /^(inline|navigation)/.test(group));
    const iconless = contributes.commands
      .filter(({ icon }) => icon === undefined)
      .map(({ command }) => command);
    expect(shown.map(({ command }) => command).filter((command) => iconless.includes(command!))).toEqual([]);
  });
});

describe('settings', () => {
  it.each(Object.entries(properties))('%s has a scope, a default and a description', (_, setting) => {
    expect(['application', 'machine', 'machine-overridable', 'window', 'resource']).toContain(setting.scope);
    expect(setting).toHaveProperty('default');
    expect(setting.markdownDescription ?? setting.description).toMatch(/^%[\w.]+%$/);
    if (setting.enum !== undefined)
      expect(setting.markdownEnumDescriptions).toHaveLength(setting.enum.length);
  });

  it('link to settings that exist', () => {
    const links = Object.entries(strings).flatMap(([, text]) =>
      [...text.matchAll(/#(annsmith\.[\w.]+)#/g)].map((match) => match[1]!),
    );
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((id) => !(id in properties))).toEqual([]);
  });

  it('that an untrusted workspace must not set exist', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    expect(restrictedConfigurations.length).toBeGreaterThan(0);
    expect(restrictedConfigurations.filter((id) => !(id in properties))).toEqual([]);
  });

  it('that name programs or folders are restricted and bound to the machine', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    for (const id of [ids.settings.compiler, ids.settings.cacheFolder]) {
      expect(properties[id]?.scope).toBe('machine-overridable');
      expect(restrictedConfigurations).toContain(id);
    }
  });
});

describe('what is sent where', () => {
  it('is for the machine alone to set: a workspace names a model, never an endpoint or a header', () => {
    for (const id of [ids.settings.modelBaseUrl, ids.settings.modelHeaders])
      expect(properties[id]?.scope).toBe('machine');
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).toContain(ids.settings.policy);
  });

  it('is written to the log only where the machine is set so: messages hold the values of headers', () => {
    expect(properties[ids.settings.trace]?.scope).toBe('machine');
  });

  it('has the defaults of the engine', () => {
    const of = (key: string): unknown => properties[`annsmith.model.${key}`]?.default;
    const { baseUrl, ...others } = defaultModelSettings;
    expect([of('baseUrl'), baseUrl]).toEqual(['', null]);
    for (const [key, value] of Object.entries(others)) expect(of(key), key).toEqual(value);
  });

  it('has no setting for a key', () => {
    expect(Object.keys(properties).filter((id) => /key|secret|password/i.test(id))).toEqual([]);
  });
});

describe('strings of the manifest', () => {
  const used = new Set([...textOf('package.json').matchAll(/"%([\w.]+)%"/g)].map((match) => match[1]!));

  it('are there, and none is left over', () => {
    expect([...used].filter((key) => !(key in strings))).toEqual([]);
    expect(Object.keys(strings).filter((key) => !used.has(key))).toEqual([]);
  });

  it('are translated into German, with the same links', () => {
    const german = jsonOf<Record<string, string>>('package.nls.de.json');
    expect(Object.keys(german)).toEqual(Object.keys(strings));
    for (const [key, text] of Object.entries(strings))
      expect(marksOf(german[key]!), key).toEqual(marksOf(text));
  });
});

/** What a translation must keep: links, settings, code. */
function marksOf(text: string): string[] {
  return [...text.matchAll(/\(command:[^)]+\)|`[^`]+`/g)].map((match) => match[0]).sort();
}

describe('strings of the code', () => {
  const bundle = jsonOf<Record<string, string>>('l10n', 'bundle.l10n.json');

  it('are all in the bundle, and none is left over (`node scripts/l10n.ts` writes it)', async () => {
    expect(bundle).toEqual(await exportStrings(root));
  });

  it('are literals that the exporter sees', async () => {
    const sources = (await hostSources(root)).map((file) => ({ file, text: readFileSync(file, 'utf8') }));
    const calls = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/\bl10n\s*\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")?/g)].map((match) => {
        const literal = (match[1] ?? match[2])?.replace(/\\(.)/g, '$1');
        return { file: file.slice(root.length + 1), literal };
      }),
    );
    expect(calls.length).toBeGreaterThan(50);
    expect(calls.filter(({ literal }) => literal === undefined || !(literal in bundle))).toEqual([]);
  });

  it('are translated into German, with the same placeholders', () => {
    const german = jsonOf<Record<string, string>>('l10n', 'bundle.l10n.de.json');
    expect(Object.keys(german).sort()).toEqual(Object.keys(bundle).sort());
    const holes = (text: string): string[] => [...text.matchAll(/\{\d+\}|\$\([\w~-]+\)/g)].map(String).sort();
    for (const [key, text] of Object.entries(german)) expect(holes(text), key).toEqual(holes(key));
  });
});
