import { isUtf8 } from 'node:buffer';
import { BoundedMap } from '../../kernel/bounded-map';
import { parseJson } from '../../kernel/json/exact-json';
import type { Json } from './parameters';

/** Longest JSON before bytes of tensors that is kept, in bytes: some tensors with their names. */
const MAX_KEPT_BYTES = 1_024;
/** Headers that are kept: applications ask for the same few tensors again and again. */
const MAX_KEPT = 200;

/** By its bytes, one character each. */
const known = new BoundedMap<string, Json>(MAX_KEPT);

/**
 * What the JSON before the bytes of tensors says. It is the same for all questions of one kind, and reading it would be
 * a twentieth of a small prediction: so it is read once. Nobody changes it.
 *
 * @returns undefined where it is too long to be kept, or not an object: then whoever answers reads it
 */
export function knownHeader(header: Buffer): Json | undefined {
  if (header.length > MAX_KEPT_BYTES) return undefined;
  const key = header.toString('latin1');
  const found = known.get(key);
  if (found !== undefined) return found;
  const json = isUtf8(header) ? parsed(header.toString()) : undefined;
  // With an id, nobody sends the same again.
  if (json !== undefined && json.id === undefined) known.set(key, json);
  return json;
}

function parsed(text: string): Json | undefined {
  try {
    const json = parseJson(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : undefined;
  } catch {
    return undefined; // whoever answers says why
  }
}
