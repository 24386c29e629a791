/** An IEEE double as JSON takes it: what JSON's numbers cannot write is text. */
export type JsonDouble = number | 'NaN' | 'Infinity' | '-Infinity' | '-0';
/** An integer of 64 bits: digits as text beyond 2^53. */
export type JsonInteger = number | string;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export function doubleToJson(value: number): JsonDouble {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : (String(value) as JsonDouble);
}

/**
 * Null where the value is no whole number of 64 bits, or a number beyond 2^53, which may not be the one that was meant.
 */
export function integerToJson(value: number | bigint): JsonInteger | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : null;
  if (value < INT64_MIN || value > INT64_MAX) return null;
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? Number(value) : value.toString();
}
