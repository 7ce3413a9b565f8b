import { button, el } from './dom.ts';

type Key = 'errorHeading' | 'errorOlder' | 'retry' | 'showLog';

/** The data could not be read; with data from before (`older`), those stay in sight below it. */
export function errorState(
  text: (key: Key) => string,
  error: { readonly message: string; readonly fix: string | null },
  older: boolean,
  act: (action: 'retry' | 'showLog') => void,
): HTMLElement {
  return el(
    'section',
    { class: 'state error', role: 'alert' },
    el('h2', {}, text('errorHeading')),
    el('p', {}, error.message),
    error.fix === null ? null : el('p', {}, error.fix),
    older && el('p', {}, text('errorOlder')),
    el(
      'div',
      { class: 'buttons' },
      button(text('retry'), () => act('retry'), 'primary'),
      button(text('showLog'), () => act('showLog')),
    ),
  );
}
