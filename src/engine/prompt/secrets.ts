/** Stands where something was taken out. */
export const removedMark = '[removed]';

/** Passwords by any other name: a literal that is given to one of these is never shown. */
const passwordNames =
  'passw(?:or)?d|passphrase|pwd|secret|credential|api_?key|access_?key|private_?key|auth_?token|access_?token|bearer';
/** Names of secrets and of harmless things alike (the key of a heap, a token of a parser): the value decides. */
const doubtfulNames = 'key|token|auth';

/** Forms that only credentials have, wherever they stand. */
const credentialForms: readonly RegExp[] = [
  /\bgh[pousr]_[A-Za-z0-9]{16,}\b/g,
  /\bgithub_pat_\w{16,}\b/g,
  /\bglpat-[\w-]{16,}/g,
  /\bxox[abeoprs]-[\w-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\bhf_[A-Za-z0-9]{20,}\b/g,
  /\bnpm_[A-Za-z0-9]{30,}\b/g,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}\b/g,
  /(?<![\w.-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  // With a digit and a length that the difference of two variables does not have.
  /(?<![\w)\]-])sk-(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}/g,
];

/** Private keys and certificates; of one that is cut off, the lines of base64 after its first. */
const pemBlock = /-----BEGIN [A-Z0-9 ]+-----[\s\S]{0,8000}?-----END [A-Z0-9 ]+-----/g;
const pemStart =
  /-----BEGIN [A-Z0-9 ]+-----(?:[^\n]*\n[ \t+\-*/"']*[A-Za-z0-9+/=]{16,}[\\nr"';,) \t]*(?=\n|$))+/g;
const schemeValue = /\b(Bearer|Authorization:[ \t]*Basic)([ \t]+)(?=\S*\d|\S{20})([\w.~+/=-]{8,})/gi;
const urlPassword = /(:\/\/)[^\s/:@"'<>]+:[^\s/@"'<>]+@/g;

/*
 * Repetitions are bounded, here and below, so that the time stays in proportion to the text whatever it holds.
 */

/** `name = "value"`, `name("value")`, `#define NAME "value"`, `\"name\": \"value\"`; only the value goes. */
function quotedValue(names: string): RegExp {
  const between = String.raw`(?:\\?["'])?(?:[ \t]{0,9}\[\w{0,40}\])?\s{0,40}(?:[=:({,]\s{0,40}){1,4}(?:[A-Za-z_:]{0,60}\s{0,9}[({]\s{0,9})?`;
  const defined = String.raw`(?<=#[ \t]{0,9}define[ \t]{1,9}\w{1,60})[ \t]{1,40}`;
  return new RegExp(
    String.raw`((?:${names})\w{0,40}(?:${between}|${defined}))(\\?")((?:(?!\2)(?:\\[^\n]|[^"\\\n]))+)\2`,
    'gi',
  );
}
const quotedPassword = quotedValue(passwordNames);
const quotedDoubtful = quotedValue(doubtfulNames);

/** `name: value` and `name=value` in prose, without quotes. The end of a comment is not of the value. */
function plainValue(names: string): RegExp {
  const value = String.raw`([^\s"'\\*/),;](?:(?!\*/)[^\s"'\\])*)`;
  return new RegExp(String.raw`((?:${names})\w{0,40}[ \t]{0,40}[:=][ \t]{0,40})${value}`, 'gi');
}
const plainPassword = plainValue(passwordNames);
const plainDoubtful = plainValue(doubtfulNames);
const prosePrefix = /(?<![\w-])sk-[\w-]{12,}/g;

/** Takes out what is a credential by its form, or by the name that it is given to. Lines keep their number. */
export function withoutCredentials(text: string): string {
  const blank = (block: string): string => block.replace(/^([ \t+-]?[ \t]*).*$/gm, `$1${removedMark}`);
  let result = text.replace(pemBlock, blank).replace(pemStart, blank);
  for (const form of credentialForms) result = result.replace(form, removedMark);
  return result
    .replace(schemeValue, `$1$2${removedMark}`)
    .replace(urlPassword, `$1${removedMark}@`)
    .replace(quotedPassword, `$1$2${removedMark}$2`)
    .replace(quotedDoubtful, (all, name: string, quote: string, value: string) =>
      looksRandom(value) ? `${name}${quote}${removedMark}${quote}` : all,
    );
}

/** The same for what is read as prose: comments, literals and messages, where values stand without quotes, too. */
export function withoutProseSecrets(text: string): string {
  return text
    .replace(prosePrefix, removedMark)
    .replace(plainPassword, `$1${removedMark}`)
    .replace(plainDoubtful, (all, name: string, value: string) =>
      looksRandom(value) ? `${name}${removedMark}` : all,
    );
}

/** Long, of letters and digits, and with the entropy of random text: words and identifiers repeat their letters more. */
function looksRandom(value: string): boolean {
  const minimumLength = 16;
  const minimumBitsPerCharacter = 3.3;
  if (value.length < minimumLength || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits >= minimumBitsPerCharacter;
}
