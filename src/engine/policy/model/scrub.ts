/** Below this a key is a filler such as `x`, and replacing it would garble every message. */
const shortestSecret = 4;

const keyLike = /\b(?:sk|pk|rk|gsk|hf|xai|key)[-_][\w*.…-]{6,}/g;
const authorization = /\b(Bearer|Basic)\s+[^\s"',;]+/gi;

/**
 * Takes secrets out of texts that a server or a library wrote: the given ones, plain and as JSON, URL and base64 write
 * them, whatever follows `Bearer`, and what looks like a key (OpenAI quotes a wrong key with its middle starred out).
 */
export class Scrubber {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    const long = secrets.map((secret) => secret.trim()).filter((secret) => secret.length >= shortestSecret);
    const written = long.flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]);
    // The longest first, so that no part of one is left over by another.
    this.#secrets = [...new Set(written)].sort((a, b) => b.length - a.length);
  }

  /** The text without secrets, in one line of at most `length` characters. */
  scrub(text: string, length = 400): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '[secret]');
    clean = clean
      .replace(authorization, '$1 [secret]')
      .replace(keyLike, '[secret]')
      .replace(/\s+/g, ' ')
      .trim();
    return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean;
  }
}

/** Everything secret in a client's settings: the key, and the values of its own headers with and without their scheme. */
export function secretsOf(apiKey: string | undefined, headers: Readonly<Record<string, string>>): string[] {
  const values = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/).slice(1)]);
  return apiKey === undefined ? values : [apiKey, ...values];
}
