import { isUtf8 } from 'node:buffer';
import { bytesOfBase64 } from './base64';

/** `{"b64": "…"}`: text that a client, or a name that ends in `_bytes`, wants as base64. */
export interface Base64Object {
  readonly b64: string;
}

export function isBase64Object(value: unknown): value is Base64Object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === 'b64' && typeof (value as Base64Object).b64 === 'string';
}

/** Null where it is no base64 (plain or URL-safe), or its bytes are not UTF-8: our texts hold nothing else. */
export function textOfBase64(base64: string): string | null {
  const bytes = bytesOfBase64(base64);
  return bytes && isUtf8(bytes) ? bytes.toString() : null;
}

export const base64OfText = (text: string): Base64Object => ({
  b64: Buffer.from(text).toString('base64'),
});

/** TensorFlow Serving's convention: text of such a name may be any bytes, so it is answered as base64. */
export const holdsBytes = (name: string): boolean => name.endsWith('_bytes');
