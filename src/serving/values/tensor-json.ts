import { doubleToJson } from '../../kernel/tensors/double';
import type { InputCheck } from '../../kernel/input-check';
import {
  ARRAY_OF,
  elementCount,
  MAX_ELEMENTS,
  type BytesElement,
  type Datatype,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from '../../kernel/tensors/tensor';
import { bytesOfBase64, describeNotBase64 } from '../../kernel/tensors/base64';
import { bytesElement } from '../../kernel/tensors/bytes-element';
import { fromLittleEndian, tensorBytes } from '../../kernel/tensors/tensor-bytes';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import { numbers } from './small-arrays';
import { anyBytesParser, describeExpected, describeValue, numberOf, parserOf } from './value-parser';

/** Sizes of a shape that a sentence repeats: a list of millions is no shape, and would take a second to write down. */
const MAX_TOLD_SIZES = 20;

/** How its sender calls the value at this place of a tensor. */
type PlaceOf = (index: number) => string;

/**
 * Checks one tensor against what the model declares; null (and an issue) where it does not fit.
 *
 * @param anyBytes whether elements of BYTES may be no text: ONNX's strings are UTF-8, other servers take what there is
 */
export function tensorFromJson(
  input: TensorInput,
  spec: TensorSpec,
  path: string,
  check: InputCheck,
  anyBytes = false,
  placeOf: PlaceOf = (index) => `${path}.data[${index}]`,
): Tensor | null {
  const { datatype } = spec;
  if (input.datatype !== datatype) {
    check.add(`${path}.datatype`, datatype, describeValue(input.datatype));
    return null;
  }
  const shape = input.shape as readonly number[];
  if (!fits(shape, spec.shape)) {
    check.add(
      `${path}.shape`,
      `${shapeText(spec.shape)} (-1 may vary)`,
      `[${shape.slice(0, MAX_TOLD_SIZES).map(describeValue).join(',')}]`.slice(0, 100),
    );
    return null;
  }
  const count = elementCount(shape);
  // Also along one axis, where another is empty: what the runtime computes of such sizes would overflow.
  if (count > MAX_ELEMENTS || shape.some((size) => size > MAX_ELEMENTS)) {
    check.add(`${path}.shape`, `at most ${MAX_ELEMENTS} elements`, `[${shape.join(', ')}]`.slice(0, 100));
    return null;
  }
  const data = dataOf(input, datatype, count, path, check, anyBytes, placeOf);
  return data && { name: spec.name, datatype, shape, data };
}

function dataOf(
  { data, base64, bytes, bytesFrom }: TensorInput,
  datatype: Datatype,
  count: number,
  path: string,
  check: InputCheck,
  anyBytes: boolean,
  placeOf: PlaceOf,
): TensorData | null {
  if (bytes !== undefined)
    return fromBytes(bytes, datatype, count, bytesFrom ? `${path}.${bytesFrom}` : path, check, anyBytes);
  if (base64 !== undefined) return fromBase64(base64, datatype, count, `${path}.base64`, check, anyBytes);
  return fromValues(data ?? [], datatype, count, path, check, anyBytes, placeOf);
}

function fits(shape: readonly unknown[], expected: readonly number[]): boolean {
  return (
    shape.length === expected.length &&
    shape.every(
      (size, axis) =>
        Number.isSafeInteger(size) &&
        (size as number) >= 0 &&
        (expected[axis] === -1 || expected[axis] === size),
    )
  );
}

const shapeText = (shape: readonly number[]) => `[${shape.join(', ')}]`;

function fromValues(
  values: readonly unknown[],
  datatype: Datatype,
  count: number,
  path: string,
  check: InputCheck,
  anyBytes: boolean,
  placeOf: PlaceOf,
): TensorData | null {
  const flat = flatten(values, count);
  if (flat.length !== count) {
    const actual = flat.length > count ? 'more' : String(flat.length);
    check.add(`${path}.data`, `${count} values, as the shape says`, actual);
    return null;
  }
  const parse = anyBytes && datatype === 'BYTES' ? anyBytesParser : parserOf(datatype);
  const data = newData(datatype, count);
  for (let index = 0; index < count; index += 1) {
    const value = parse(flat[index]);
    if (value === null) {
      check.add(placeOf(index), describeExpected(datatype, flat[index]), describeValue(flat[index]));
      return null;
    }
    data[index] = value;
  }
  return data as TensorData;
}

/** Row-major order, from lists nested to any depth; stops once there are more values than wanted. */
export function flatten(values: readonly unknown[], count: number): readonly unknown[] {
  if (!values.some(Array.isArray)) return values;
  const flat: unknown[] = [];
  const open: Iterator<unknown>[] = [values[Symbol.iterator]()];
  for (let iterator = open.at(-1); iterator && flat.length <= count; iterator = open.at(-1)) {
    const next: IteratorResult<unknown, unknown> = iterator.next();
    if (next.done) open.pop();
    else if (Array.isArray(next.value)) open.push(next.value[Symbol.iterator]());
    else flat.push(next.value);
  }
  return flat;
}

function fromBase64(
  base64: string,
  datatype: Datatype,
  count: number,
  path: string,
  check: InputCheck,
  anyBytes: boolean,
): TensorData | null {
  const bytes = bytesOfBase64(base64);
  if (bytes) return fromBytes(bytes, datatype, count, path, check, anyBytes);
  check.add(path, 'base64, standard or URL-safe, with nothing between its digits', describeNotBase64(base64));
  return null;
}

function fromBytes(
  bytes: Uint8Array,
  datatype: Datatype,
  count: number,
  path: string,
  check: InputCheck,
  anyBytes: boolean,
): TensorData | null {
  if (datatype === 'BYTES') return fromLengthPrefixed(bytes, count, path, check, anyBytes);
  const ArrayClass = ARRAY_OF[datatype];
  const expected = count * ArrayClass.BYTES_PER_ELEMENT;
  if (bytes.length !== expected) {
    check.add(path, `${expected} bytes, as the shape says`, `${bytes.length} bytes`);
    return null;
  }
  if (datatype === 'BOOL' && bytes.some((byte) => byte > 1)) {
    check.add(path, 'a byte of 0 or 1 for each BOOL', 'other bytes');
    return null;
  }
  const own = fromLittleEndian(bytes, ArrayClass.BYTES_PER_ELEMENT);
  const aligned = own.byteOffset % ArrayClass.BYTES_PER_ELEMENT === 0 ? own : new Uint8Array(own);
  return new ArrayClass(aligned.buffer, aligned.byteOffset, count);
}

/** Elements as the Open Inference Protocol's binary form has them: 4 bytes of length, then as many. */
function fromLengthPrefixed(
  { buffer, byteOffset, byteLength }: Uint8Array,
  count: number,
  path: string,
  check: InputCheck,
  anyBytes: boolean,
): readonly BytesElement[] | null {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const elements: BytesElement[] = [];
  let offset = 0;
  while (elements.length < count && offset + 4 <= bytes.length) {
    const end = offset + 4 + bytes.readUInt32LE(offset);
    if (end > bytes.length) break;
    const element = bytesElement(bytes, offset + 4, end);
    if (!anyBytes && typeof element !== 'string') {
      check.add(path, 'text in UTF-8', `other bytes in element ${elements.length}`);
      return null;
    }
    elements.push(element);
    offset = end;
  }
  if (elements.length === count && offset === bytes.length) return elements;
  check.add(
    path,
    `${count} texts, each after 4 bytes of its length`,
    `${bytes.length} bytes that hold ${elements.length}`,
  );
  return null;
}

export type TensorJson = {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
} & ({ readonly data: readonly unknown[] } | { readonly base64: string });

/** A tensor as clients read it: flat values, or little-endian bytes. */
export function tensorToJson(
  { name, datatype, shape, data }: Tensor,
  encoding: 'JSON' | 'BASE64',
): TensorJson {
  if (encoding === 'BASE64') return { name, datatype, shape, base64: toBase64(data) };
  const values: unknown[] = new Array(data.length);
  for (let index = 0; index < data.length; index += 1) values[index] = valueToJson(datatype, data[index]);
  return { name, datatype, shape, data: values };
}

/**
 * One element, as JSON has it: exact, and never invalid JSON. Bytes that are no text have no such form: whoever answers
 * in JSON asks `jsonGap` before.
 */
export function valueToJson(datatype: Datatype, value: TensorData[number] | undefined): unknown {
  switch (datatype) {
    case 'BOOL':
      return value === 1;
    case 'FP16':
    case 'BF16':
      return doubleToJson(numberOf(datatype, value as number));
    case 'FP32':
    case 'FP64':
      return doubleToJson(value as number);
    case 'INT64':
    case 'UINT64': {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    default:
      if (value instanceof Uint8Array) throw new Error('JSON has no form for bytes that are not UTF-8.');
      return value;
  }
}

function toBase64(data: TensorData): string {
  const { buffer, byteOffset, byteLength } = tensorBytes(data);
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** Room for `count` elements; BYTES need no typed array. */
export function newData(datatype: Datatype, count: number): (number | bigint | BytesElement)[] {
  const data = datatype === 'BYTES' ? new Array<BytesElement>(count) : numbers(datatype, count);
  return data as (number | bigint | BytesElement)[]; // elements of one kind, which the datatype's parser makes
}
