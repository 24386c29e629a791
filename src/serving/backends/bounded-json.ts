import { isUtf8 } from 'node:buffer';
import { RemoteFailure, remoteWords } from './remote-failure';

/** Deepest nesting of an answer: a tensor has up to 32 axes, and a few levels are around it. */
const MAX_DEPTH = 40;
/** Lists and objects of one answer, since an empty one takes many times its two bytes in memory. */
const MAX_CONTAINERS = 1_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * An answer's text, where reading it costs memory in proportion to its length.
 *
 * @throws RemoteFailure where it is nested too deep, has too many parts, or is no UTF-8
 */
export function boundedJsonText(bytes: Uint8Array): string {
  let depth = 0;
  let containers = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      containers += 1;
      if (depth > MAX_DEPTH || containers > MAX_CONTAINERS)
        throw new RemoteFailure('broken', 'The remote’s answer has more parts than tensors can have.');
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  if (!isUtf8(bytes)) throw new RemoteFailure('broken', 'The remote’s answer is not UTF-8.');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An answer as a JSON object.
 *
 * @param parse text into values
 * @throws RemoteFailure where it is none
 */
export function jsonObject(bytes: Uint8Array, parse: (text: string) => unknown): Json {
  const text = boundedJsonText(bytes);
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    throw new RemoteFailure('broken', `The remote’s answer is not JSON: ${remoteWords(text.slice(0, 80))}`);
  }
  if (isObject(value)) return value;
  throw new RemoteFailure('broken', 'The remote’s answer is JSON, but no object.');
}
