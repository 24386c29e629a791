/** A text, a number, or a word that JSON has no number for. Each is read once, so this is linear. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN/g;
const BARE_WORD = /NaN|Infinity/;
/** What a double may round, or JSON cannot say: digits from about 2^53 on, and the words. */
const AS_TEXT = /^-?(?:\d{16,}|Infinity|NaN)$/;

/**
 * JSON, and what clients send in its place: NaN and infinities without quotes, as many writers of JSON have them. They
 * become texts, which is how tensors take them.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!BARE_WORD.test(text)) throw error;
    return parseExactly(text);
  }
}

/** As `parseJson`, with long integers as texts of their digits: a double might round them. */
export const parseExactly = (text: string): unknown =>
  JSON.parse(text.replace(TOKEN, (token) => (AS_TEXT.test(token) ? `"${token}"` : token)));

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
