/** The script of the view of GRPO rounds: says that it listens, and hands what arrives to the page once it is checked. */
import '../../src/protocol/zodWithoutEval.ts';
import {
  parseRoundsState,
  type RoundsState,
  type RoundsToHost,
  receiveRoundsInPage,
  roundsProtocolVersion,
} from '../../src/protocol/roundsMessages.ts';
import { setUpCharts } from '../shared/chartSetup.ts';
import { connectEditor } from '../shared/editor.ts';
import { listen } from '../shared/listen.ts';
import { Page } from './page.ts';
import { Words } from './words.ts';

setUpCharts();
const editor = connectEditor<RoundsToHost, RoundsState>(parseRoundsState);
let page: Page | undefined;

listen(
  receiveRoundsInPage,
  (message) => {
    if (message.type === 'init')
      page ??= new Page(document.body, new Words(message.strings, message.locale), editor);
    else page?.take(message);
  },
  (text) => editor.post({ type: 'problem', text }),
);
editor.post({ type: 'ready', protocol: roundsProtocolVersion });
