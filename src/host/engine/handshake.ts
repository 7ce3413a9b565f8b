import { engineProtocolVersion, handshakeSchema } from '../../protocol/engine.ts';

/** The server's protocol version where it is not ours; undefined where the two fit. `none`: it names no version. */
export function misfit(experimental: unknown): number | 'none' | undefined {
  const annsmith =
    typeof experimental === 'object' && experimental !== null && 'annsmith' in experimental
      ? experimental.annsmith
      : undefined;
  const answer = handshakeSchema.safeParse(annsmith);
  if (!answer.success) return 'none';
  return answer.data.protocol === engineProtocolVersion ? undefined : answer.data.protocol;
}
