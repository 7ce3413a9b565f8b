/** The host's side of the conversation with the page of rounds. */
import { describe, expect, it } from 'vitest';
import { pageStrings } from '../../../../src/host/grpo/pageStrings.ts';
import { type RoundsPorts, RoundsSession } from '../../../../src/host/grpo/roundsSession.ts';
import type { PolicyState } from '../../../../src/protocol/engine.ts';
import {
  parseRoundsState,
  type RoundsToPage,
  receiveRoundsInPage,
  roundsProtocolVersion,
} from '../../../../src/protocol/roundsMessages.ts';
import { sampleState } from '../../grpo/sampleRounds.ts';
import { PageRecorder } from '../page/pageRecorder.ts';

const ready = { type: 'ready', protocol: roundsProtocolVersion };

class Recorder extends PageRecorder<RoundsToPage> implements RoundsPorts {
  answer: () => Promise<PolicyState> = async () => sampleState();

  init() {
    return { locale: 'en', strings: pageStrings({ t: (text) => text }) };
  }
  fetch = () => this.answer();
  promote = async (version: string) => this.call(`promote ${version}`);
}

describe('the conversation with the page of rounds', () => {
  it('begins when the page is ready, with texts and data, all of which the page takes', async () => {
    const ports = new Recorder();
    const session = new RoundsSession(ports);
    await session.changed();
    expect(ports.posted).toEqual([]);
    await session.receive(ready);
    expect(ports.types()).toEqual(['init', 'data']);
    for (const message of ports.posted) expect(receiveRoundsInPage(message)).toMatchObject({ ok: true });
  });

  it('sends what changed while the page was hidden once it is seen again', async () => {
    const ports = new Recorder();
    const session = new RoundsSession(ports);
    await session.receive(ready);
    await session.visible(false);
    await session.changed();
    expect(ports.types()).toEqual(['init', 'data']);
    await session.visible(true);
    expect(ports.types()).toEqual(['init', 'data', 'data']);
  });

  it('says what could not be read, and tries again when asked', async () => {
    const ports = new Recorder();
    ports.answer = () => Promise.reject(new Error('the pointer is damaged'));
    const session = new RoundsSession(ports);
    await session.receive(ready);
    expect(ports.posted.at(-1)).toEqual({
      type: 'error',
      message: 'the pointer is damaged',
      fix: 'try again',
    });
    ports.answer = async () => sampleState();
    await session.receive({ type: 'do', action: 'retry' });
    expect(ports.types()).toEqual(['init', 'error', 'data']);
    expect(ports.calls).toEqual([]);
  });

  it('does what the page asks for, and only what it may ask for', async () => {
    const ports = new Recorder();
    const session = new RoundsSession(ports);
    await session.receive({ type: 'promote', version: 'pb-2-bbbbbbbb' });
    await session.receive({ type: 'do', action: 'run' });
    await session.receive({ type: 'do', action: 'rollBack' });
    await session.receive({ type: 'do', action: 'rm -rf' });
    await session.receive({ type: 'promote', version: '' });
    await session.receive({ type: 'ready', protocol: 99 });
    expect(ports.calls.slice(0, 3)).toEqual(['promote pb-2-bbbbbbbb', 'act run', 'act rollBack']);
    expect(ports.calls.slice(3).map((call) => call.split(' ', 1)[0])).toEqual(['warn', 'warn', 'warn']);
    expect(ports.posted).toEqual([]);
  });

  it('tells the user when what was asked for fails', async () => {
    const ports = new Recorder();
    ports.promote = async () => {
      throw new Error('there is no such version');
    };
    await new RoundsSession(ports).receive({ type: 'promote', version: 'pb-9-00000000' });
    expect(ports.calls).toEqual(['fail there is no such version']);
  });
});

describe('what the page keeps', () => {
  it('is read back, and nothing else is', () => {
    const state = { version: 1, module: 'search', scroll: 10 };
    expect(parseRoundsState(state)).toEqual(state);
    expect(parseRoundsState({ ...state, module: 'indexing' })).toBeUndefined();
    expect(parseRoundsState(undefined)).toBeUndefined();
  });
});
