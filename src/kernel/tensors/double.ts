/** IEEE doubles that JSON has no number for, as we write them in JSON. */
export type JsonDouble = number | 'NaN' | 'Infinity' | '-Infinity' | '-0';

const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

export function doubleToJson(value: number): JsonDouble {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : (String(value) as JsonDouble);
}

/** Null where the value is neither a JSON number nor one of the special texts. */
export function doubleFromJson(value: unknown): number | null {
  return typeof value === 'number' ? value : (SPECIAL.get(value) ?? null);
}
