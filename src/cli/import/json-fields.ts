/** What an answer of another program's says, before it is trusted. */
export type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Empty where it is not there, or no object. */
export function objectIn(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** The objects of a list; none where it is not there. */
export function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Numbers as text too; empty where it is neither. */
export function textIn(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}

/** Null where it is not there or empty. */
export const optionalTextIn = (object: JsonObject, name: string): string | null =>
  textIn(object, name) || null;

/** Null where it is no number, nor text that is one. */
export function numberIn(object: JsonObject, name: string): number | null {
  const value = object[name];
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isNaN(number) && value !== 'NaN' ? null : number;
}

/** A whole number, beyond 2^53 as text; null where it is none. */
export function integerIn(object: JsonObject, name: string): number | bigint | null {
  const value = object[name];
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value as number | bigint;
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return null;
  const integer = BigInt(value);
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/** Pairs of a key and a value. */
export const keyValuesIn = (object: JsonObject, name: string) =>
  objectsIn(object, name).map((pair) => ({ key: textIn(pair, 'key'), value: textIn(pair, 'value') }));

export function parsedObject(text: string): JsonObject | null {
  try {
    // A number of more than 15 digits may be one that JSON's numbers cannot hold; within a text it has no bare quote
    // before it.
    const exact = text.replace(/("(?:step|timestamp)"\s*:\s*)(-?\d{16,})(?=\s*[,}\]])/g, '$1"$2"');
    const json: unknown = JSON.parse(exact);
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}
