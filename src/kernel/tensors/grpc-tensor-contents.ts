import { WireType } from '@bufbuild/protobuf/wire';
import { bytesElement } from './bytes-element';
import { FieldReader, TooMuch, type FieldBudget } from './grpc-fields';
import type { BytesElement, Datatype } from './tensor';
import { NUMBERS, type Numbers } from './grpc-number-contents';

/** A tensor's values: its little-endian bytes or its elements of BYTES; or what is wrong with them. */
export type Contents =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: true; readonly data: readonly BytesElement[] }
  | { readonly ok: false; readonly expected: string; readonly actual: string };

/** Datatypes that have a field in `InferTensorContents`; FP16 and BF16 travel raw only. */
export type TypedDatatype = Exclude<Datatype, 'FP16' | 'BF16'>;

/** Names of the fields of `InferTensorContents`, at their numbers. */
const FIELDS = [
  '',
  'bool_contents',
  'int_contents',
  'int64_contents',
  'uint_contents',
  'uint64_contents',
  'fp32_contents',
  'fp64_contents',
  'bytes_contents',
] as const;
const BYTES_FIELD = 8;
const NO_BYTES = new Uint8Array(0);

/**
 * Reads a message `InferTensorContents`. Whoever says that there are many elements makes us reserve no memory for them
 * before they have come.
 *
 * @param count elements that the tensor's shape asks for
 * @param budget lists, and values out of any list, that may still come: those of other tensors were taken off
 */
export function readContents(
  contents: Uint8Array,
  datatype: TypedDatatype,
  count: number,
  budget: FieldBudget,
): Contents {
  const reader = new FieldReader(contents, budget);
  try {
    return datatype === 'BYTES' ? readElements(reader, count) : readNumbers(reader, datatype, count);
  } catch (error) {
    if (error instanceof TooMuch) return { ok: false, ...error.issue };
    return { ok: false, expected: 'encoded InferTensorContents', actual: `other bytes (${String(error)})` };
  }
}

function readElements(reader: FieldReader, count: number): Contents {
  const data: BytesElement[] = [];
  for (let part = nextPart(reader, BYTES_FIELD); part !== null; part = nextPart(reader, BYTES_FIELD)) {
    if (typeof part === 'string') return otherField(BYTES_FIELD, 'BYTES', part);
    if (data.length === count) return otherCount(BYTES_FIELD, count, 'more');
    data.push(bytesElement(Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
  }
  return data.length === count ? { ok: true, data } : otherCount(BYTES_FIELD, count, data.length);
}

function readNumbers(reader: FieldReader, datatype: keyof typeof NUMBERS, count: number): Contents {
  const { field, bytes, put }: Numbers = NUMBERS[datatype];
  if (count > reader.len) return otherCount(field, count, 'fewer'); // an element takes a byte at least
  const sizeBytes = count * bytes;
  let tensor: Uint8Array = NO_BYTES;
  let at = 0;
  for (let part = nextPart(reader, field); part !== null; part = nextPart(reader, field)) {
    if (typeof part === 'string') return otherField(field, datatype, part);
    if (part.length === 0) continue;
    if (at === sizeBytes) return otherCount(field, count, 'more');
    if (put === null && part.length % bytes !== 0) throw new RangeError('a number has no end');
    const isWhole = put === null && at === 0 && part.length === sizeBytes;
    if (tensor.length === 0) tensor = isWhole ? part : new Uint8Array(sizeBytes);
    const next = isWhole ? sizeBytes : (put ?? copy)(part, tensor, at);
    if (next === 'too many') return otherCount(field, count, 'more');
    if (next === 'out of range')
      return { ok: false, expected: `values that fit into ${datatype}`, actual: 'one that does not' };
    at = next;
  }
  return at === sizeBytes ? { ok: true, bytes: tensor } : otherCount(field, count, at / bytes);
}

/**
 * The next values of a field, as if packed, whether they are or not; a name where another field has values; null: no
 * more. What is encoded as no field of that number could be is none, as of every message.
 */
function nextPart(reader: FieldReader, expected: number): Uint8Array | string | null {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const isList = reader.wireType === WireType.LengthDelimited;
    const name = FIELDS[field];
    if (name === undefined || !(isList || reader.wireType === encodingOf(field))) {
      reader.pass();
      continue;
    }
    const part = isList ? reader.bytes() : reader.pass();
    if (field === expected) return part;
    const isEmptyList = part.length === 0 && field !== BYTES_FIELD;
    if (!isEmptyList) return name;
  }
  return null;
}

/** Of one value out of any list. */
function encodingOf(field: number): WireType {
  if (field === BYTES_FIELD) return WireType.LengthDelimited;
  if (field === NUMBERS.FP64.field) return WireType.Bit64;
  return field === NUMBERS.FP32.field ? WireType.Bit32 : WireType.Varint;
}

function copy(part: Uint8Array, tensor: Uint8Array, at: number): number | 'too many' {
  if (at + part.length > tensor.length) return 'too many';
  tensor.set(part, at);
  return at + part.length;
}

const otherField = (field: number, datatype: TypedDatatype, actual: string): Contents => ({
  ok: false,
  expected: `${FIELDS[field]} for ${datatype}`,
  actual,
});

const otherCount = (field: number, count: number, actual: number | string): Contents => ({
  ok: false,
  expected: `${count} values in ${FIELDS[field]}, as the shape says`,
  actual: String(actual),
});
