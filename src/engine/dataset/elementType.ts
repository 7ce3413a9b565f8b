/** How numbers are stored in a file, and how they become float32. */
export interface ElementType {
  readonly bytes: number;
  /** `from` holds whole elements; the result has one float32 for each. */
  decode(from: Buffer): Float32Array;
}

/** The bytes in a buffer of their own, so that a wider typed array may be laid over them. */
function aligned(from: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(from.length);
  new Uint8Array(copy).set(from);
  return copy;
}

export const float32: ElementType = { bytes: 4, decode: (from) => new Float32Array(aligned(from)) };
export const float64: ElementType = {
  bytes: 8,
  decode: (from) => new Float32Array(new Float64Array(aligned(from))),
};
export const uint8: ElementType = { bytes: 1, decode: (from) => new Float32Array(from) };
export const int8: ElementType = {
  bytes: 1,
  decode: (from) => new Float32Array(new Int8Array(aligned(from))),
};
export const int32: ElementType = {
  bytes: 4,
  decode: (from) => new Float32Array(new Int32Array(aligned(from))),
};
export const float32BigEndian: ElementType = {
  bytes: 4,
  decode: (from) => new Float32Array(aligned(Buffer.from(from).swap32())),
};
