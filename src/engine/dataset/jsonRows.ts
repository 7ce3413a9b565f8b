import { createReadStream } from 'node:fs';
import { malformed, refetchFix } from './vectorSource.ts';

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];
const [minus, dot, zero, nine] = [0x2d, 0x2e, 0x30, 0x39];

/** Rows are the arrays this deep: the file's object, the value of the key, the row. */
const rowDepth = 3;
const chunkBytes = 1 << 20;
const largestRowBytes = 16 * chunkBytes;
/** An integer of so many digits is exact in a double, and so is a power of ten up to the 22nd. */
const exactDigits = 15;
const powers = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** The number in bytes [from, to); NaN where there is none. */
function parseNumber(bytes: Buffer, from: number, to: number): number {
  let at = from;
  const negative = bytes[at] === minus;
  if (negative) at++;
  let mantissa = 0;
  let digits = 0;
  let decimals = -1;
  for (; at < to; at++) {
    const byte = bytes[at]!;
    if (byte >= zero && byte <= nine) {
      mantissa = mantissa * 10 + (byte - zero);
      digits++;
      if (decimals >= 0) decimals++;
    } else if (byte === dot && decimals < 0 && digits > 0) decimals = 0;
    else break;
  }
  if (at === to && digits > 0 && digits <= exactDigits && decimals !== 0) {
    // One rounding of exact operands: the nearest double, as JSON.parse gives it.
    const value = decimals > 0 ? mantissa / powers[decimals]! : mantissa;
    return negative ? -value : value;
  }
  const text = bytes.toString('latin1', from, to).trim();
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Finds the rows of numbers in a JSON text that comes in pieces. */
class RowScanner {
  readonly #path: string;
  readonly #key: string;
  readonly #onRow: (row: Float64Array) => void;
  #row = new Float64Array(1024);
  /** What the last piece left unread: the beginning of a string or of a row. */
  #rest: Buffer = Buffer.alloc(0);
  /** Offset of `#rest` in the file. */
  #offset = 0;
  #depth = 0;
  /** The last string at depth 1: a key if a colon follows. */
  #text = '';
  #found = false;
  /** Within the value of the key. */
  #active = false;

  constructor(path: string, key: string, onRow: (row: Float64Array) => void) {
    this.#path = path;
    this.#key = key;
    this.#onRow = onRow;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next === undefined) break;
      at = next;
    }
    // Copied, for the chunk is used again.
    this.#rest = Buffer.from(bytes.subarray(at));
    this.#offset += at;
    if (this.#rest.length > largestRowBytes) throw this.#wrong(0, 'a row or string without an end');
  }

  finish(): void {
    if (this.#depth !== 0 || this.#rest.length > 0) {
      throw malformed(
        this.#path,
        `ends inside its JSON (byte ${this.#offset + this.#rest.length})`,
        refetchFix,
      );
    }
    if (!this.#found) throw malformed(this.#path, `has no key ${this.#key}`, refetchFix);
  }

  #wrong(at: number, problem: string): Error {
    return malformed(this.#path, `${problem} (byte offset ${this.#offset + at})`, refetchFix);
  }

  /** Reads one token, or a whole row; returns the index after it, or undefined where its end has yet to come. */
  #step(bytes: Buffer, at: number): number | undefined {
    switch (bytes[at]) {
      case quote:
        return this.#string(bytes, at);
      case colon:
        if (this.#depth === 1 && this.#text === this.#key) {
          this.#active = true;
          this.#found = true;
        }
        break;
      case comma:
        if (this.#depth === 1) this.#active = false;
        break;
      case openBracket:
      case openBrace:
        if (this.#active && this.#depth === rowDepth - 1) return this.#readRow(bytes, at);
        this.#depth += 1;
        break;
      case closeBracket:
      case closeBrace:
        this.#depth -= 1;
        if (this.#depth < 0) throw this.#wrong(at, 'a bracket too many');
        break;
      default:
        break;
    }
    return at + 1;
  }

  #string(bytes: Buffer, at: number): number | undefined {
    for (let end = bytes.indexOf(quote, at + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
      let backslashes = 0;
      while (bytes[end - 1 - backslashes] === backslash) backslashes++;
      if (backslashes % 2 === 1) continue;
      if (this.#depth === 1) this.#text = bytes.toString('utf8', at + 1, end);
      return end + 1;
    }
    return undefined;
  }

  #readRow(bytes: Buffer, at: number): number | undefined {
    if (bytes[at] === openBrace) throw this.#wrong(at, 'an object where a row of numbers should be');
    const end = bytes.indexOf(closeBracket, at);
    if (end === -1) return undefined;
    if (bytes[end - 1] === comma) throw this.#wrong(end, 'a row ends with a comma');
    let length = 0;
    for (let from = at + 1; from < end; ) {
      let to = from;
      while (bytes[to] !== comma && to < end) to++;
      const value = parseNumber(bytes, from, to);
      if (Number.isNaN(value)) throw this.#wrong(from, 'a row holds something else than numbers');
      if (length === this.#row.length) this.#grow();
      this.#row[length++] = value;
      from = to + 1;
    }
    this.#onRow(this.#row.subarray(0, length));
    return end + 1;
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#row.length);
    larger.set(this.#row);
    this.#row = larger;
  }
}

/**
 * Calls `onRow` with every array of numbers inside the value of `key` in the JSON object that the file holds, be that
 * value an array of rows or an object whose members are rows; in the order of the file, a megabyte of which is held at a
 * time. A row is valid during the call only. Throws `dataset-malformed` where the file ends early, has no such key, or a
 * row holds anything but numbers.
 */
export async function readJsonRows(
  path: string,
  key: string,
  onRow: (row: Float64Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const scanner = new RowScanner(path, key, onRow);
  const stream = createReadStream(path, { highWaterMark: chunkBytes, ...(signal ? { signal } : {}) });
  for await (const chunk of stream as AsyncIterable<Buffer>) scanner.push(chunk);
  scanner.finish();
}
