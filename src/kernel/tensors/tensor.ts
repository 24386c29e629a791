/** Element types, named as the Open Inference Protocol names them. */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'BF16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof DATATYPES)[number];

/** Most elements of one tensor: 64 MiB of floats. */
export const MAX_ELEMENTS = 16_777_216;

/** An element of BYTES: a text where its bytes are UTF-8, and only else the bytes: one element has one form. */
export type BytesElement = string | Uint8Array;

/**
 * The values of a tensor, row-major. BOOL is one byte (0 or 1), FP16 and BF16 their raw 16 bits, 64-bit integers are
 * bigints, BYTES is an array of texts, or of bytes where they are none.
 */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly BytesElement[];

/** What a model declares of one input or output. A dimension of -1 may vary. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** A value for one input or output: `data.length` is the product of `shape`. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

type NumericArray = Exclude<TensorData, readonly BytesElement[]>;
type NumericArrayClass = {
  new (length: number): NumericArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericArray;
  readonly BYTES_PER_ELEMENT: number;
};

/** The typed array that carries each datatype; BYTES has none. */
export const ARRAY_OF: Readonly<Record<Exclude<Datatype, 'BYTES'>, NumericArrayClass>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** Whether its values have a point, and may be NaN. */
export const isFloating = (datatype: Datatype): datatype is 'FP16' | 'BF16' | 'FP32' | 'FP64' =>
  datatype === 'BF16' || datatype.startsWith('FP');

/** Whether they are values of BYTES: all others are typed arrays. */
export const isBytes = (data: TensorData): data is readonly BytesElement[] => Array.isArray(data);

/** Number of elements of a concrete shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}
