import type { PageAction } from '../../src/protocol/curvesMessages.ts';
import { button, el } from '../shared/dom.ts';
import type { Words } from './words.ts';

type Do = (action: PageAction) => void;

/** In place of curves: what is missing, and what to do about it. */
export function emptyState(words: Words, trusted: boolean, act: Do): HTMLElement {
  const buttons = trusted
    ? [
        button(words.text('optimize'), () => act('optimize'), 'primary'),
        button(words.text('benchmark'), () => act('benchmark')),
      ]
    : [button(words.text('trust'), () => act('trust'), 'primary')];
  return el(
    'section',
    { class: 'state', 'aria-labelledby': 'state-heading' },
    el('h2', { id: 'state-heading' }, words.text('emptyHeading')),
    el('p', {}, words.text(trusted ? 'emptyText' : 'emptyUntrusted')),
    el('div', { class: 'buttons' }, ...buttons),
  );
}

/** There are curves, but the filters let none through. */
export function nothingState(words: Words, showAll: () => void): HTMLElement {
  return el(
    'div',
    { class: 'state' },
    el('h3', {}, words.text('nothingHeading')),
    el('p', {}, words.text('nothingText')),
    el('div', { class: 'buttons' }, button(words.text('showAll'), showAll, 'primary')),
  );
}
