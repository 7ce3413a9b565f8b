import { engineErrorCode, userErrorSchema } from '../../protocol/engine.ts';
import type { Localize } from '../localize.ts';
import { EngineError, EngineStopped } from './errors.ts';
import { fixText } from './fixText.ts';

/** JSON-RPC codes of a request that was cancelled, by us or by the server. */
const cancelledCodes: readonly unknown[] = [-32800, -32802];
/** JSON-RPC codes of a request that nobody will answer any more. */
const goneCodes: readonly unknown[] = [-32097, -32099, -32098];

/** What a failed request means to the host; `cancelled` for one that was cancelled. */
export function translateError(error: unknown, l10n: Localize): Error | 'cancelled' {
  if (typeof error !== 'object' || error === null) return new Error(String(error));
  const { code, data } = error as { readonly code?: unknown; readonly data?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  if (cancelledCodes.includes(code)) return 'cancelled';
  if (goneCodes.includes(code)) return new EngineStopped();
  if (code === engineErrorCode) {
    const user = userErrorSchema.safeParse(data);
    if (user.success) return new EngineError(message, user.data.code, fixText(user.data.fix, l10n));
  }
  return error instanceof Error ? error : new Error(message);
}
