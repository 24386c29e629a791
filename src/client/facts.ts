import { keyFault } from './point';
import type { KeyValue } from './operations/runs';

/** Longest value of a param or tag, in characters: the server's limit. */
const MAX_VALUE_LENGTH = 6_000;

export type FactValue = string | number | bigint | boolean;

/** Params or tags as the server takes them, or the sentence that says what is wrong with one of them. */
export function paramsOf(facts: Readonly<Record<string, FactValue>>): readonly KeyValue[] | string {
  const list: KeyValue[] = [];
  for (const [key, given] of Object.entries(facts)) {
    const value = Object.is(given, -0) ? '-0' : String(given);
    const fault = keyFault(key) ?? valueFault(key, value);
    if (fault !== null) return fault;
    list.push({ key, value });
  }
  return list;
}

function valueFault(key: string, value: string): string | null {
  if (value.length > MAX_VALUE_LENGTH)
    return `“${key}”: expected a value of at most ${MAX_VALUE_LENGTH} characters, got ${value.length}.`;
  if (value.includes('\0') || !value.isWellFormed())
    return `“${key}”: expected a value of well-formed text without the character U+0000.`;
  return null;
}
