import { mayBeRounded, parseExactJson, parseRelaxedJson, type Beyond } from './relaxed-json';

/** Which tensor they are for, and whether it has room for them, is seen later. */
const AS_NUMBER: Beyond = { special: Number, wideInteger: BigInt };

/**
 * JSON as TensorFlow Serving and its clients write it: bare NaN and infinities are numbers.
 *
 * @param wideIntegers whether whole numbers beyond 2^53 matter: they become bigints
 * @throws SyntaxError
 */
export function parseNumberJson(text: string, { wideIntegers }: { readonly wideIntegers: boolean }): unknown {
  const parse = wideIntegers && mayBeRounded(text) ? parseExactJson : parseRelaxedJson;
  return parse(text, AS_NUMBER);
}
