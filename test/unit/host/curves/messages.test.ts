/** What the benchmark view and its host take from each other, and what they refuse. */
import { describe, expect, it } from 'vitest';
import {
  curvesProtocolVersion,
  parseCurvesState,
  receiveInHost,
  receiveInPage,
} from '../../../../src/protocol/curvesMessages.ts';
import { firstState } from '../../../../webview/curves/view.ts';
import { sampleCurves } from './sampleCurves.ts';

describe('messages to the host', () => {
  it.each([
    { type: 'ready', protocol: curvesProtocolVersion },
    { type: 'export', format: 'csv', dataset: 'mnist', contents: 'kind,run' },
    { type: 'review', run: 'r1', candidate: 'g1c1' },
    { type: 'openDiff', run: 'r1', candidate: 'best' },
    { type: 'openReport', run: 'r1' },
    { type: 'copy', text: '+a' },
    { type: 'do', action: 'optimize' },
    { type: 'problem', text: 'it broke' },
  ])('$type is taken', (message) => {
    expect(receiveInHost(message)).toEqual({ ok: true, message });
  });

  it.each([
    [null],
    ['ready'],
    [{}],
    [{ type: 'execute', command: 'workbench.action.quit' }],
    [{ type: 'do', action: 'workbench.action.quit' }],
    [{ type: 'do' }],
    [{ type: 'export', format: 'exe', dataset: 'mnist', contents: 'MZ' }],
    [{ type: 'export', format: 'csv', dataset: 'x'.repeat(201), contents: 'kind' }],
    [{ type: 'export', format: 'csv', dataset: 'mnist', contents: '' }],
    [{ type: 'review', run: 'r1' }],
    [{ type: 'review', run: '', candidate: 'g1c1' }],
    [{ type: 'copy', text: 7 }],
    [{ type: 'problem', text: 'x'.repeat(10_001) }],
  ])('%j is refused', (message) => {
    const received = receiveInHost(message);
    expect(received.ok).toBe(false);
    expect(received.ok ? '' : received.problem).not.toBe('');
  });

  it('what is not of the message does not come with it', () => {
    const received = receiveInHost({ type: 'review', run: 'r1', candidate: 'g1c1', command: 'quit' });
    expect(received).toEqual({ ok: true, message: { type: 'review', run: 'r1', candidate: 'g1c1' } });
  });
});

describe('messages to the page', () => {
  it('data arrive as they were sent', () => {
    const message = { type: 'data', trusted: true, data: sampleCurves() };
    expect(receiveInPage(message)).toEqual({ ok: true, message });
  });

  it('a wrong field is refused by name', () => {
    const data = sampleCurves();
    const [first] = data.series;
    const wrong = { ...data, series: [{ ...first, points: [{ ef: 10, recall: '0.9' }] }] };
    const received = receiveInPage({ type: 'data', trusted: true, data: wrong });
    expect(received).toMatchObject({
      ok: false,
      problem: expect.stringContaining('data.series.0.points.0.recall'),
    });
  });

  it('another protocol, or a text too few, is refused', () => {
    const init = {
      type: 'init',
      protocol: curvesProtocolVersion,
      root: '/w',
      name: 'w',
      locale: 'en',
      strings: {},
    };
    expect(receiveInPage(init).ok).toBe(false);
    expect(receiveInPage({ ...init, protocol: curvesProtocolVersion + 1 }).ok).toBe(false);
  });
});

describe('the kept state', () => {
  it('comes back', () => {
    const state = { ...firstState('/w'), runs: ['r1'], selected: 'r1/g1c1', scroll: 120 };
    expect(parseCurvesState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it.each([
    [undefined],
    [{}],
    [{ ...firstState('/w'), version: 2 }],
    [{ ...firstState('/w'), hidden: 'all' }],
  ])('%j is none', (state) => {
    expect(parseCurvesState(state)).toBeUndefined();
  });
});
