/** The script of the benchmark view: says that it listens, and hands what arrives to the page once it is checked. */
import '../../src/protocol/zodWithoutEval.ts';
import { curvesProtocolVersion, receiveInPage, type ToPage } from '../../src/protocol/curvesMessages.ts';
import { setUpCharts } from '../shared/chartSetup.ts';
import { connectEditor } from './editor.ts';
import { Page } from './page.ts';
import { Words } from './words.ts';

setUpCharts();
const editor = connectEditor();
let page: Page | undefined;

function take(message: ToPage): void {
  if (message.type === 'init') {
    page ??= new Page(document.body, message, new Words(message.strings, message.locale), editor);
    return;
  }
  page?.take(message);
}

function report(text: string): void {
  editor.post({ type: 'problem', text: text.slice(0, 10_000) });
}

addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const received = receiveInPage(data);
  if (received.ok) take(received.message);
  else report(`refused a message: ${received.problem}`);
});
addEventListener('error', ({ message, filename, lineno }) => report(`${message} (${filename}:${lineno})`));
addEventListener('unhandledrejection', ({ reason }) => report(String(reason)));
editor.post({ type: 'ready', protocol: curvesProtocolVersion });
