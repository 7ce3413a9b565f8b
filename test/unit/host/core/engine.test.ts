import { describe, expect, it, vi } from 'vitest';
import type { UserError } from '../../../../src/engine/errors.ts';
import { harnessPath } from '../../../../src/engine/native.ts';
import { parseEvent } from '../../../../src/host/engine/engineEvent.ts';
import { EngineError, EngineStopped } from '../../../../src/host/engine/errors.ts';
import { misfit } from '../../../../src/host/engine/handshake.ts';
import { RestartSchedule } from '../../../../src/host/engine/restartSchedule.ts';
import { serverEnvironment } from '../../../../src/host/engine/serverEnvironment.ts';
import { translateError } from '../../../../src/host/engine/translateError.ts';
import { engineErrorCode, engineProtocolVersion } from '../../../../src/protocol/engine.ts';
import { plain } from './plain.ts';

describe('restart schedule', () => {
  it('waits longer each time and stops after five in a row', () => {
    const schedule = new RestartSchedule();
    const delays = [0, 1, 2, 3, 4, 5].map((second) => schedule.next(second * 1000));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, undefined]);
  });

  it('begins anew after a minute of quiet, and when it is told to', () => {
    const schedule = new RestartSchedule();
    schedule.next(0);
    schedule.next(1000);
    expect(schedule.next(61_000)).toBe(2000);
    expect(schedule.next(61_000 + 60_001)).toBe(500);
    schedule.reset();
    expect(schedule.next(121_002)).toBe(500);
  });
});

describe('server environment', () => {
  const settings = { compiler: '', cacheFolder: '', nativeFolder: '/native' };
  const models = { baseUrl: undefined, apiKey: undefined };

  it('leaves out keys and what belongs to the editor', () => {
    const base = {
      PATH: '/bin',
      HTTPS_PROXY: 'http://proxy',
      OPENAI_API_KEY: 'k',
      GITHUB_TOKEN: 't',
      DB_PASSWORD: 'p',
      VSCODE_IPC_HOOK_CLI: 's',
      NODE_OPTIONS: '--require x',
      KEYBOARD: 'us',
    };
    expect(serverEnvironment(base, settings, models)).toEqual({
      PATH: '/bin',
      HTTPS_PROXY: 'http://proxy',
      KEYBOARD: 'us',
      ELECTRON_RUN_AS_NODE: '1',
      ANNSMITH_NATIVE_DIR: '/native',
    });
  });

  it('puts the settings over what is there', () => {
    const base = { CXX: 'c++', ANNSMITH_CACHE: '/old' };
    expect(serverEnvironment(base, settings, models)).toMatchObject({ CXX: 'c++', ANNSMITH_CACHE: '/old' });
    const chosen = { ...settings, compiler: 'g++-13', cacheFolder: '/new' };
    expect(serverEnvironment(base, chosen, models)).toMatchObject({
      CXX: 'g++-13',
      ANNSMITH_CACHE: '/new',
    });
  });

  it('has the key of the endpoint, and the address of the editor only where no setting has one', () => {
    const base = { OPENAI_API_KEY: 'of-the-editor', OPENAI_BASE_URL: 'https://b.example/v1' };
    const set = { baseUrl: 'https://a.example/v1', apiKey: 'stored' };
    expect(serverEnvironment(base, settings, set)).toMatchObject({
      OPENAI_BASE_URL: 'https://a.example/v1',
      OPENAI_API_KEY: 'stored',
    });
    const none = serverEnvironment(base, settings, models);
    expect(none['OPENAI_BASE_URL']).toBe('https://b.example/v1');
    expect(none).not.toHaveProperty('OPENAI_API_KEY');
  });

  const ofEndpoint = { OPENAI_CUSTOM_HEADERS: 'X-Gateway: canary', OPENAI_ORG_ID: 'org-1' };
  const withBaseUrl = (variable: string | undefined, baseUrl: string | undefined): Record<string, string> =>
    serverEnvironment({ ...ofEndpoint, OPENAI_BASE_URL: variable }, settings, { baseUrl, apiKey: undefined });

  it.each([
    ['https://a.example/v1', undefined],
    ['https://a.example/v1', 'https://a.example/other/v1'],
    [undefined, undefined],
    [undefined, 'https://api.openai.com/v1'],
  ])('has the headers that go with the variable %s where the setting is %s', (variable, setting) => {
    expect(withBaseUrl(variable, setting)).toMatchObject(ofEndpoint);
  });

  it.each([
    ['https://a.example/v1', 'https://b.example/v1'],
    ['https://a.example/v1', 'http://a.example/v1'],
    ['https://a.example/v1', 'https://a.example:8443/v1'],
    ['no address', 'https://a.example/v1'],
    [undefined, 'https://b.example/v1'],
  ])('has none of the headers that go with the variable %s where the setting is %s', (variable, setting) => {
    const environment = withBaseUrl(variable, setting);
    expect(environment).toMatchObject({ OPENAI_BASE_URL: setting });
    for (const name of Object.keys(ofEndpoint)) expect(environment).not.toHaveProperty(name);
  });
});

describe('handshake', () => {
  it('takes its own version only', () => {
    expect(misfit({ annsmith: { protocol: engineProtocolVersion } })).toBeUndefined();
    expect(misfit({ annsmith: { protocol: engineProtocolVersion + 1 } })).toBe(engineProtocolVersion + 1);
    expect(misfit({})).toBe('none');
    expect(misfit(undefined)).toBe('none');
  });
});

describe('errors of requests', () => {
  const failed = (code: number, data?: unknown) => Object.assign(new Error('why'), { code, data });

  it('keeps what the user can put right', () => {
    const error = translateError(
      failed(engineErrorCode, { code: 'no-compiler', fix: 'Install one.' }),
      plain,
    );
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ message: 'why', code: 'no-compiler', fix: 'Install one.' });
  });

  it('names the command, not the script, that builds the native parts', () => {
    vi.stubEnv('ANNSMITH_NATIVE_DIR', '/nowhere');
    let fix = '';
    try {
      harnessPath();
    } catch (error) {
      fix = (error as UserError).fix;
    } finally {
      vi.unstubAllEnvs();
    }
    const error = translateError(failed(engineErrorCode, { code: 'native-missing', fix }), plain);
    expect(error).toMatchObject({ fix: 'Run the command "Annsmith: Build Native Parts".' });
  });

  it('tells cancelled work and a lost server from bugs', () => {
    expect(translateError(failed(-32800), plain)).toBe('cancelled');
    expect(translateError(failed(-32097), plain)).toBeInstanceOf(EngineStopped);
    const bug = failed(-32603);
    expect(translateError(bug, plain)).toBe(bug);
    expect(translateError(failed(engineErrorCode, { fix: 1 }), plain)).not.toBeInstanceOf(EngineError);
  });
});

describe('events', () => {
  it('are read, and what is none is refused', () => {
    const progress = { kind: 'progress', job: 'j', stage: 'build', message: 'm', fraction: 0.5 };
    expect(parseEvent(progress)).toEqual(progress);
    expect(parseEvent({ kind: 'changed', root: '/r', what: 'ledger' })).toBeDefined();
    expect(parseEvent({ kind: 'changed', what: 'datasets' })).toBeDefined();
    expect(parseEvent({ kind: 'changed', what: 'ledger' })).toBeUndefined();
    expect(parseEvent({ kind: 'progress', job: 'j' })).toBeUndefined();
    expect(parseEvent(null)).toBeUndefined();
  });
});
