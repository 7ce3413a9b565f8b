/** The host's side of the conversation with the page. */
import { describe, expect, it } from 'vitest';
import { pageStrings } from '../../../../src/host/curves/pageStrings.ts';
import { type PanelPorts, PanelSession } from '../../../../src/host/curves/panelSession.ts';
import {
  curvesProtocolVersion,
  receiveInPage,
  type ToPage,
} from '../../../../src/protocol/curvesMessages.ts';
import type { CurvesData } from '../../../../src/protocol/engine.ts';
import { PageRecorder } from '../page/pageRecorder.ts';
import { sampleCurves } from './sampleCurves.ts';

const ready = { type: 'ready', protocol: curvesProtocolVersion };

/** Answers of the engine are given by hand. */
class Recorder extends PageRecorder<ToPage> implements PanelPorts {
  readonly fetches: PromiseWithResolvers<CurvesData>[] = [];

  init() {
    return { root: '/w', name: 'w', locale: 'en', strings: pageStrings({ t: (text) => text }) };
  }
  fetch(): Promise<CurvesData> {
    const answer = Promise.withResolvers<CurvesData>();
    this.fetches.push(answer);
    return answer.promise;
  }
  save = async ({ format }: { format: string }) => (format === 'png' ? undefined : `x.${format}`);
  copy = async (text: string) => this.call(`copy ${text}`);
  review = async (run: string, candidate: string) => this.call(`review ${run} ${candidate}`);
  openDiff = async (run: string, candidate: string) => this.call(`diff ${run} ${candidate}`);
  openReport = async (run: string) => this.call(`report ${run}`);
}

describe('the conversation with the page', () => {
  it('begins when the page is ready, with texts, target and data, all of which the page takes', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    session.select({ run: 'r1' });
    await session.changed();
    expect([ports.posted, ports.fetches]).toEqual([[], []]);
    const done = session.receive(ready);
    ports.fetches[0]!.resolve(sampleCurves());
    await done;
    expect(ports.types()).toEqual(['init', 'select', 'data']);
    for (const message of ports.posted) expect(receiveInPage(message)).toEqual({ ok: true, message });
  });

  it('asks the engine once for all changes that come while it answers', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    const begun = session.receive(ready);
    const changes = [session.changed(), session.changed(), session.changed()];
    expect(ports.fetches).toHaveLength(1);
    ports.fetches[0]!.resolve(sampleCurves());
    await expect.poll(() => ports.fetches.length).toBe(2);
    ports.fetches[1]!.resolve(sampleCurves());
    await Promise.all([begun, ...changes]);
    expect(ports.fetches).toHaveLength(2);
    expect(ports.types().filter((type) => type === 'data')).toHaveLength(2);
  });

  it('sends nothing while hidden, and what has changed once it is seen again', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    const begun = session.receive(ready);
    ports.fetches[0]!.resolve(sampleCurves());
    await begun;
    await session.visible(false);
    await session.changed();
    expect(ports.fetches).toHaveLength(1);
    const seen = session.visible(true);
    ports.fetches[1]!.resolve({ runs: [], series: [] });
    await seen;
    expect(ports.posted.at(-1)).toMatchObject({ type: 'data', data: { series: [] } });
    await session.visible(true);
    expect(ports.fetches).toHaveLength(2);
  });

  it('begins anew with a page that was loaded again', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    for (const time of [0, 1]) {
      const begun = session.receive(ready);
      ports.fetches[time]!.resolve(sampleCurves());
      await begun;
    }
    expect(ports.types()).toEqual(['init', 'data', 'init', 'data']);
  });

  it('says why there are no data, and tries again when asked', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    const begun = session.receive(ready);
    ports.fetches[0]!.reject(new Error('the ledger cannot be read'));
    await begun;
    expect(ports.posted.at(-1)).toEqual({
      type: 'error',
      message: 'the ledger cannot be read',
      fix: 'try again',
    });
    const again = session.receive({ type: 'do', action: 'retry' });
    ports.fetches[1]!.resolve(sampleCurves());
    await again;
    expect(ports.types().at(-1)).toBe('data');
  });

  it('does what it is asked, and only that', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    await session.receive({ type: 'review', run: 'r1', candidate: 'g1c1' });
    await session.receive({ type: 'openDiff', run: 'r1', candidate: 'best' });
    await session.receive({ type: 'openReport', run: 'r1' });
    await session.receive({ type: 'do', action: 'trust' });
    await session.receive({ type: 'copy', text: '+a' });
    await session.receive({ type: 'execute', command: 'workbench.action.quit' });
    await session.receive({ type: 'ready', protocol: 99 });
    expect(ports.calls.slice(0, 5)).toEqual([
      'review r1 g1c1',
      'diff r1 best',
      'report r1',
      'act trust',
      'copy +a',
    ]);
    expect(ports.calls.slice(5).map((call) => call.slice(0, 4))).toEqual(['warn', 'warn']);
    expect(ports.types()).toEqual(['copied']);
  });

  it('says where a file went, nothing where the user did not want one, and what failed', async () => {
    const ports = new Recorder();
    const session = new PanelSession(ports);
    const file = { type: 'export', dataset: 'mnist', contents: 'kind,' };
    await session.receive({ ...file, format: 'csv' });
    await session.receive({ ...file, format: 'png' });
    expect(ports.posted).toEqual([{ type: 'saved', file: 'x.csv' }]);
    ports.save = () => Promise.reject(new Error('the disk is full'));
    await session.receive({ ...file, format: 'svg' });
    expect(ports.calls).toEqual(['fail the disk is full']);
  });
});
