import { readMessage, readNumbers, type BinaryReader } from '../protobuf-fields';

/** Values that are kept of one field: a text summary has one, and a scalar too. */
export const MAX_VALUES = 64;

/** What of TensorFlow's `TensorProto` scalars and texts need. */
export interface Tensor {
  readonly dtype: number;
  /** How many values it holds: 1 for a scalar, which has no dimensions. */
  readonly size: number;
  /** The first value; null where it is no number, or of a type that is not known. */
  readonly number: number | bigint | null;
  readonly texts: readonly string[];
}

/** TensorFlow's `DataType`. */
const FLOAT = 1;
const DOUBLE = 2;
const HALF = 19;
const BFLOAT16 = 14;

export function readTensor(bytes: Uint8Array): Tensor {
  let dtype = 0;
  let size = 1;
  let content: Uint8Array | null = null;
  const numbers: (number | bigint)[] = [];
  const bits: number[] = [];
  const texts: string[] = [];
  readMessage(bytes, (field, reader, wireType) => {
    const list = NUMBER_FIELDS.get(field);
    if (list) readNumbers(reader, wireType, list, numbers, MAX_VALUES);
    else if (field === 1) dtype = reader.int32();
    else if (field === 2) size = sizeOf(reader.bytes());
    else if (field === 4) content = reader.bytes();
    else if (field === 8) keep(texts, text(reader.bytes()));
    else if (field === 13) readNumbers(reader, wireType, (one) => one.int32(), bits, MAX_VALUES);
    else return false;
    return true;
  });
  const fromBits = bits[0] === undefined ? undefined : fromHalfBits(dtype, bits[0]);
  const number = (content === null ? undefined : firstIn(content, dtype)) ?? fromBits ?? numbers[0] ?? null;
  return { dtype, size, number, texts };
}

/** Fields of values by number; those of complex numbers are none of ours. */
const NUMBER_FIELDS = new Map<number, (reader: BinaryReader) => number | bigint>([
  [5, (reader) => reader.float()],
  [6, (reader) => reader.double()],
  [7, (reader) => reader.int32()],
  [10, (reader) => BigInt(reader.int64())],
  [11, (reader) => Number(reader.bool())],
  [16, (reader) => reader.uint32()],
  [17, (reader) => BigInt(reader.uint64())],
]);

/** The product of the dimensions of a `TensorShapeProto`. */
function sizeOf(bytes: Uint8Array): number {
  let size = 1;
  readMessage(bytes, (field, reader) => {
    if (field !== 2) return false;
    let length = 0;
    readMessage(reader.bytes(), (inner, dimension) => {
      if (inner !== 1) return false;
      length = Number(dimension.int64());
      return true;
    });
    size *= length;
    return true;
  });
  return size;
}

/** How the first value of raw little-endian bytes is read, by its type: [bytes, reader]. */
const RAW = new Map<number, readonly [number, (view: DataView) => number | bigint]>([
  [FLOAT, [4, (view) => view.getFloat32(0, true)]],
  [DOUBLE, [8, (view) => view.getFloat64(0, true)]],
  [3, [4, (view) => view.getInt32(0, true)]],
  [4, [1, (view) => view.getUint8(0)]],
  [5, [2, (view) => view.getInt16(0, true)]],
  [6, [1, (view) => view.getInt8(0)]],
  [9, [8, (view) => view.getBigInt64(0, true)]],
  [10, [1, (view) => view.getUint8(0)]],
  [BFLOAT16, [2, (view) => fromHalfBits(BFLOAT16, view.getUint16(0, true)) ?? NaN]],
  [17, [2, (view) => view.getUint16(0, true)]],
  [HALF, [2, (view) => fromHalfBits(HALF, view.getUint16(0, true)) ?? NaN]],
  [22, [4, (view) => view.getUint32(0, true)]],
  [23, [8, (view) => view.getBigUint64(0, true)]],
]);

function firstIn(content: Uint8Array, dtype: number): number | bigint | undefined {
  const [bytes, read] = RAW.get(dtype) ?? [Infinity, undefined];
  if (content.length < bytes) return undefined;
  return read?.(new DataView(content.buffer, content.byteOffset, content.length));
}

/** Of the 16 bits of a half or of a bfloat16; undefined for another type. */
function fromHalfBits(dtype: number, bits: number): number | undefined {
  if (dtype === BFLOAT16) {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, (bits & 0xffff) << 16);
    return view.getFloat32(0);
  }
  if (dtype !== HALF) return undefined;
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function keep(texts: string[], one: string): void {
  if (texts.length < MAX_VALUES) texts.push(one);
}
