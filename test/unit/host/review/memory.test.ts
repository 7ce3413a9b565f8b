import { describe, expect, it } from 'vitest';
import type { Memento } from 'vscode';
import { AcceptedHunks } from '../../../../src/host/review/acceptedHunks.ts';
import { ReviewMemory } from '../../../../src/host/review/memory.ts';
import { ReviewSession } from '../../../../src/host/review/session.ts';
import { type Signal, Signals } from '../../../../src/host/review/signals.ts';

/** What an editor keeps for a workspace: JSON. */
class State implements Memento {
  readonly values = new Map<string, string>();
  writes = 0;

  keys(): readonly string[] {
    return [...this.values.keys()];
  }

  get(key: string): undefined;
  get<T>(key: string, otherwise?: T): T | undefined {
    const text = this.values.get(key);
    return text === undefined ? otherwise : (JSON.parse(text) as T);
  }

  async update(key: string, value: unknown): Promise<void> {
    ++this.writes;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, JSON.stringify(value));
  }
}

const ref = { root: '/w', run: 'r1', candidate: 'g1c1' };
const base = 'a\nb\nc\nd\ne\n';
const change = {
  run: 'r1',
  candidate: 'g1c1',
  module: 'search' as const,
  title: '',
  gain: null,
  analysis: '',
  design: '',
  parts: [],
  files: [{ file: 'a.h', base, text: 'A\nb\nc\nd\nE\n' }],
};

describe('what the next window knows', () => {
  it('is the review with its decisions while something is pending', async () => {
    const state = new State();
    const session = new ReviewSession(ref, change);
    const [file] = session.files;
    file!.open(base, '\n');
    file!.decide(1, 'rejected');
    const memory = new ReviewMemory(state);
    await memory.keep(session);
    await memory.keep(session);
    expect(state.writes).toBe(1);
    expect(new ReviewMemory(state).read()).toEqual({ ref, decisions: session.decisions });
    file!.decide(0, 'rejected');
    await memory.keep(session);
    expect(new ReviewMemory(state).read()).toBeUndefined();
  });

  it('is nothing where what was kept cannot be read', async () => {
    const state = new State();
    await state.update('annsmith.review', { root: 1 });
    expect(new ReviewMemory(state).read()).toBeUndefined();
  });
});

describe('accepted hunks', () => {
  const hunk = { ...ref, file: 'a.h', hunk: 'h1' };
  const added = ['one();\n', 'two();\n'];
  const text = `x\n${added.join('')}y\n`;

  it('are said to be rewritten once per change, in later windows too, and never again once they are gone', () => {
    const state = new State();
    new AcceptedHunks(state).add(hunk, added, text);
    const watch = new AcceptedHunks(state);
    expect([...watch.roots]).toEqual(['/w']);
    expect(watch.saved('/w', 'a.h', text)).toEqual([]);
    expect(watch.saved('/w', 'b.h', 'x\n')).toEqual([]);
    const half = text.replace('two', 'three');
    expect(watch.saved('/w', 'a.h', half)).toEqual([{ ...hunk, survival: 0.5 }]);
    expect(watch.saved('/w', 'a.h', half)).toEqual([]);
    expect(watch.saved('/w', 'a.h', 'x\ny\n')).toEqual([{ ...hunk, survival: 0 }]);
    expect(watch.saved('/w', 'a.h', 'x\n')).toEqual([]);
    expect([...watch.roots]).toEqual([]);
  });

  it('are watched no more when they were undone', () => {
    const watch = new AcceptedHunks(new State());
    watch.add(hunk, added, text);
    watch.remove(hunk);
    expect(watch.saved('/w', 'a.h', 'x\n')).toEqual([]);
  });
});

describe('signals', () => {
  it('go out in order, and one that fails is a line in the log', async () => {
    const sent: string[] = [];
    const warnings: string[] = [];
    const request = async (_: string, { signal }: Signal): Promise<null> => {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal === 'rejected') throw new Error('the disk is full');
      sent.push(signal);
      return null;
    };
    const signals = new Signals(
      { request: request as never },
      { warn: (line: string) => warnings.push(line) },
    );
    const about = { ...ref, file: 'a.h', hunk: 'h1' };
    for (const signal of ['accepted', 'rejected', 'undone'] as const) signals.send({ ...about, signal });
    await signals.idle();
    expect(sent).toEqual(['accepted', 'undone']);
    expect(warnings).toEqual([expect.stringContaining('the disk is full')]);
  });
});
