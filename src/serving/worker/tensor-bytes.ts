import { bytesElement } from '../../kernel/tensors/bytes-element';
import {
  ARRAY_OF,
  elementCount,
  isBytes,
  type BytesElement,
  type Datatype,
  type Tensor,
  type TensorData,
} from '../../kernel/tensors/tensor';
import { writeElement } from '../../kernel/tensors/tensor-bytes';

/** The bytes of a tensor's values: a view for numbers, `[length…][bytes…]` for BYTES, text as UTF-8. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  return isBytes(data) ? textBytes(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The values behind bytes, as a view where they are numbers.
 *
 * @param bytes starts on a multiple of 8, so that a view of any element type is aligned
 * @throws RangeError where the bytes are not what datatype and shape say
 */
export function valuesOf(datatype: Datatype, shape: readonly number[], bytes: Uint8Array): TensorData {
  const count = elementCount(shape);
  if (datatype === 'BYTES') return textValues(bytes, count);
  const arrayClass = ARRAY_OF[datatype];
  if (bytes.byteLength !== count * arrayClass.BYTES_PER_ELEMENT)
    throw new RangeError(`${bytes.byteLength} bytes cannot be ${count} elements of ${datatype}`);
  return new arrayClass(bytes.buffer, bytes.byteOffset, count);
}

function textBytes(values: readonly BytesElement[]): Uint8Array {
  let size = 4 * values.length;
  for (const value of values) size += Buffer.byteLength(value);
  const bytes = Buffer.allocUnsafe(size);
  let at = 4 * values.length;
  values.forEach((value, index) => {
    const length = writeElement(bytes, value, at);
    bytes.writeUInt32LE(length, 4 * index);
    at += length;
  });
  return bytes;
}

function textValues(bytes: Uint8Array, count: number): BytesElement[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Array<BytesElement>(count);
  let at = 4 * count;
  for (let index = 0; index < count; index++) {
    const end = at + buffer.readUInt32LE(4 * index);
    if (end > buffer.byteLength) throw new RangeError('text runs past the end of its tensor');
    values[index] = bytesElement(buffer, at, end);
    at = end;
  }
  return values;
}
