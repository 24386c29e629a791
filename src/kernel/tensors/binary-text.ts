import { bytesOfBase64 } from './base64';
import { bytesElement } from './bytes-element';
import type { BytesElement } from './tensor';

/** `{"b64": "…"}`: an element of BYTES that a client, or a name that ends in `_bytes`, wants as base64. */
export interface Base64Object {
  readonly b64: string;
}

export function isBase64Object(value: unknown): value is Base64Object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === 'b64' && typeof (value as Base64Object).b64 === 'string';
}

/** Null where it is no base64, plain or URL-safe. */
export function elementOfBase64(base64: string): BytesElement | null {
  const bytes = bytesOfBase64(base64);
  return bytes && bytesElement(bytes);
}

export function base64Of(element: BytesElement): Base64Object {
  const bytes =
    typeof element === 'string'
      ? Buffer.from(element)
      : Buffer.from(element.buffer, element.byteOffset, element.byteLength);
  return { b64: bytes.toString('base64') };
}

/** TensorFlow Serving's convention: text of such a name may be any bytes, so it is answered as base64. */
export const holdsBytes = (name: string): boolean => name.endsWith('_bytes');
