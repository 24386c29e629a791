import { isUtf8 } from 'node:buffer';
import type { BytesElement, TensorData } from './tensor';

/** What decoding puts where bytes are not UTF-8. */
const REPLACEMENT = '\ufffd';
/** From here on, in bytes, an element is looked at before it is decoded: it may be a picture, decoded in vain. */
const LARGE_BYTES = 1_024;

/** The element that these bytes are: a view of them where they are no text. */
export function bytesElement(bytes: Buffer, start = 0, end = bytes.length): BytesElement {
  if (end - start >= LARGE_BYTES && !isUtf8(bytes.subarray(start, end))) return viewOf(bytes, start, end);
  const text = bytes.toString('utf8', start, end);
  // A text may hold the character that decoding puts for what is none.
  return text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(start, end)) ? viewOf(bytes, start, end) : text;
}

const viewOf = ({ buffer, byteOffset }: Buffer, start: number, end: number): Uint8Array =>
  new Uint8Array(buffer, byteOffset + start, end - start);

/** Place of the first element that is no text; -1 where all are, and where there are numbers. */
export const firstOtherBytes = (data: TensorData): number =>
  Array.isArray(data) ? data.findIndex((element) => typeof element !== 'string') : -1;

/** Whether two elements of tensors are the same. */
export const isSameElement = (one: unknown, other: unknown): boolean =>
  one === other ||
  (one instanceof Uint8Array && other instanceof Uint8Array && Buffer.compare(one, other) === 0);
