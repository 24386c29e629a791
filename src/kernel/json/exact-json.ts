import { parseExactJson, parseRelaxedJson, type Beyond } from './relaxed-json';

/** Texts are how tensors take what JSON has no number for. */
const AS_TEXT: Beyond = { special: (word) => word, wideInteger: (digits) => digits };
/** As long as nobody knows whether it matters, a long integer is the number that JSON makes of it. */
const AS_NUMBER: Beyond = { ...AS_TEXT, wideInteger: Number };

/**
 * JSON, and what clients send in its place: NaN and infinities without quotes become texts.
 *
 * @throws SyntaxError
 */
export const parseJson = (text: string): unknown => parseRelaxedJson(text, AS_NUMBER);

/** As `parseJson`, with long integers as texts of their digits: a double might round them. */
export const parseExactly = (text: string): unknown => parseExactJson(text, AS_TEXT);

/** Whether a number is among the values, however nested, that may have been rounded. */
export function isRounded(values: readonly unknown[]): boolean {
  const open = [values];
  for (let list = open.pop(); list; list = open.pop()) {
    for (const value of list) {
      if (Array.isArray(value)) open.push(value);
      else if (typeof value === 'number' && !Number.isSafeInteger(value)) return true;
    }
  }
  return false;
}
