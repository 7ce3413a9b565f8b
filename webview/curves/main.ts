/** The script of the benchmark view: says that it listens, and hands what arrives to the page once it is checked. */
import '../../src/protocol/zodWithoutEval.ts';
import {
  type CurvesState,
  curvesProtocolVersion,
  parseCurvesState,
  receiveInPage,
  type ToHost,
} from '../../src/protocol/curvesMessages.ts';
import { setUpCharts } from '../shared/chartSetup.ts';
import { connectEditor } from '../shared/editor.ts';
import { listen } from '../shared/listen.ts';
import { Page } from './page.ts';
import { Words } from './words.ts';

setUpCharts();
const editor = connectEditor<ToHost, CurvesState>(parseCurvesState);
let page: Page | undefined;

listen(
  receiveInPage,
  (message) => {
    if (message.type === 'init') {
      page ??= new Page(document.body, message, new Words(message.strings, message.locale), editor);
    } else page?.take(message);
  },
  (text) => editor.post({ type: 'problem', text }),
);
editor.post({ type: 'ready', protocol: curvesProtocolVersion });
