import type { Datatype } from './tensor';

/** Where the next element goes, or why it cannot go there. */
type Next = number | 'too many' | 'out of range';

/** How a datatype's numbers come in a message `InferTensorContents`, and go into a tensor's little-endian bytes. */
export interface Numbers {
  /** Number of the field. */
  readonly field: number;
  /** Of an element of the tensor. */
  readonly bytes: number;
  /** Writes packed numbers from `at` on; null where they come as the tensor has them. */
  readonly put: ((packed: Uint8Array, tensor: Uint8Array, at: number) => Next) | null;
}

/** Writes a number, given as two halves of 32 bits; false where the datatype cannot hold it. */
type Store = (tensor: DataView, at: number, low: number, high: number) => boolean;

const store64: Store = (tensor, at, low, high) => {
  tensor.setUint32(at, low, true);
  tensor.setUint32(at + 4, high, true);
  return true;
};
const store32: Store = (tensor, at, low) => {
  tensor.setInt32(at, low, true);
  return true;
};

const varints = (field: number, bytes: number, store: Store): Numbers => ({
  field,
  bytes,
  put: (packed, tensor, at) => putVarints(packed, tensor, at, bytes, store),
});

export const NUMBERS: Readonly<Record<Exclude<Datatype, 'BYTES' | 'FP16' | 'BF16'>, Numbers>> = {
  BOOL: varints(1, 1, (tensor, at, low, high) => {
    tensor.setUint8(at, (low | high) === 0 ? 0 : 1);
    return true;
  }),
  INT8: varints(2, 1, (tensor, at, low) => {
    tensor.setInt8(at, low);
    return tensor.getInt8(at) === low;
  }),
  INT16: varints(2, 2, (tensor, at, low) => {
    tensor.setInt16(at, low, true);
    return tensor.getInt16(at, true) === low;
  }),
  INT32: varints(2, 4, store32),
  INT64: varints(3, 8, store64),
  UINT8: varints(4, 1, (tensor, at, low) => {
    tensor.setUint8(at, low);
    return tensor.getUint8(at) === low;
  }),
  UINT16: varints(4, 2, (tensor, at, low) => {
    tensor.setUint16(at, low, true);
    return tensor.getUint16(at, true) === low;
  }),
  UINT32: varints(4, 4, store32),
  UINT64: varints(5, 8, store64),
  FP32: { field: 6, bytes: 4, put: null },
  FP64: { field: 7, bytes: 8, put: null },
};

/** Bits of a number that a byte carries; the eighth says that more follow. */
const BITS = 7;

function putVarints(
  packed: Uint8Array,
  tensor: Uint8Array,
  start: number,
  bytes: number,
  store: Store,
): Next {
  const view = new DataView(tensor.buffer);
  let at = start;
  let read = 0;
  while (read < packed.length) {
    if (at === tensor.byteLength) return 'too many';
    let low = 0;
    let high = 0;
    let shift = 0;
    for (let byte = 0x80; byte >= 0x80; shift += BITS) {
      if (read === packed.length || shift > 63) throw new RangeError('a number has no end');
      byte = packed[read++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 32) high |= bits << (shift - 32);
      else if (shift === 28) high |= bits >> 4;
    }
    if (!store(view, at, low, high)) return 'out of range';
    at += bytes;
  }
  return at;
}
