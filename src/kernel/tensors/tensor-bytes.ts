import { IS_LITTLE_ENDIAN } from '../halves';
import { isBytes, type BytesElement, type TensorData } from './tensor';

/** Before each element of BYTES: its length in bytes. */
const LENGTH_BYTES = 4;

/**
 * The values as protocols send them: little-endian, row-major; BYTES one by one, text as UTF-8, each after 4 bytes of
 * its length. A view of the numbers where the machine keeps them so.
 */
export function tensorBytes(data: TensorData): Uint8Array {
  if (isBytes(data)) return prefixedBytes(data);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return IS_LITTLE_ENDIAN ? bytes : swapped(bytes, data.BYTES_PER_ELEMENT);
}

/** Numbers of another machine, in this one's order; themselves where both have the same. */
export const fromLittleEndian = (bytes: Uint8Array, elementBytes: number): Uint8Array =>
  IS_LITTLE_ENDIAN ? bytes : swapped(bytes, elementBytes);

function prefixedBytes(elements: readonly BytesElement[]): Uint8Array {
  let sizeBytes = 0;
  for (const element of elements) sizeBytes += LENGTH_BYTES + Buffer.byteLength(element);
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (const element of elements) {
    const length = writeElement(bytes, element, at + LENGTH_BYTES);
    bytes.writeUInt32LE(length, at);
    at += LENGTH_BYTES + length;
  }
  return bytes;
}

/** Answers how many bytes it takes. */
export function writeElement(bytes: Buffer, element: BytesElement, at: number): number {
  if (typeof element === 'string') return bytes.write(element, at);
  bytes.set(element, at);
  return element.length;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const copy = bytes.slice();
  for (let offset = 0; offset < copy.length; offset += size) copy.subarray(offset, offset + size).reverse();
  return copy;
}
