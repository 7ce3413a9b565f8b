import type { Localize } from '../../../../src/host/localize.ts';

/** English, as the editor shows it without a language pack. */
export const plain: Localize = {
  t: (message, ...args) => message.replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)])),
};
