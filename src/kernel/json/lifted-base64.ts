import { randomUUID } from 'node:crypto';
import type { LargeMemory } from '../large-memory';

/** Bodies from here on, in bytes, are looked through; below, JSON.parse is as quick. */
const MIN_BODY_BYTES = 16 * 1024;
/** Texts from here on, in bytes, are worth it. */
const MIN_TEXT_BYTES = 4 * 1024;
/** Texts of one body that are lifted: many times what any model takes. */
const MAX_TEXTS = 1_000;
/** Text that is decoded at a time: small enough to be short-lived memory for the engine; whole groups of 4. */
const SLICE_BYTES = 64 * 1024;

const KEY = '"base64"';
const [QUOTE, COLON, SPACE, EQUALS, OPEN, COMMA, LINE_END] = Buffer.from('":\u0020={,\n');
/** Nobody outside knows it, so nobody can write it into a body. */
const NONCE = randomUUID();

interface Text {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer;
}

/** The bytes of tensors whose text never became one. */
const lifted = new WeakMap<object, Buffer>();

/** The bytes of `value.base64`, where `parseLifted` took them out. */
export const liftedBytes = (value: unknown): Buffer | undefined =>
  typeof value === 'object' && value !== null ? lifted.get(value) : undefined;

/**
 * JSON.parse of a GraphQL request in which long texts of tensors in base64 are decoded where they are (600 kB take a
 * tenth of the time): see `liftedBytes`. Whoever reads `base64` itself still gets a text, made anew. Whatever is
 * unusual is parsed as ever: the result, and the error, are those of JSON.parse.
 *
 * @param body nothing of it is kept
 * @param memory where the bytes lie, which belong to whoever uses them
 * @throws SyntaxError where it is not JSON
 */
export function parseLifted(body: Buffer, memory: LargeMemory): unknown {
  const texts = body.length < MIN_BODY_BYTES ? [] : textsOf(body, memory);
  return (texts.length > 0 && withoutTexts(body, texts)) || (JSON.parse(body.toString()) as unknown);
}

/** Undefined where the texts are not all values of tensors, as far as can be seen here. */
function withoutTexts(body: Buffer, texts: readonly Text[]): object | undefined {
  let rest = '';
  let at = 0;
  texts.forEach(({ start, end }, index) => {
    rest += body.toString('utf8', at, start) + NONCE + index;
    at = end;
  });
  rest += body.toString('utf8', at);
  const request = parsed(rest);
  const byPlaceholder = new Map(texts.map(({ bytes }, index) => [NONCE + index, bytes]));
  for (const tensor of tensorsIn(request)) putBack(tensor, byPlaceholder);
  return byPlaceholder.size === 0 && isObject(request) ? request : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the whole body says better where it is wrong
  }
}

/**
 * Where requests have tensors: as a variable, in a list of them, among a question's inputs, in one of many questions.
 */
function tensorsIn(request: unknown): readonly unknown[] {
  const variables = isObject(request) && isObject(request.variables) ? Object.values(request.variables) : [];
  return variables.flatMap((variable) => {
    if (Array.isArray(variable)) return variable as readonly unknown[];
    if (!isObject(variable)) return [];
    const questions = [variable, ...listOf(variable.predictions)];
    return [
      variable,
      ...questions.flatMap((question) => (isObject(question) ? listOf(question.inputs) : [])),
    ];
  });
}

function putBack(tensor: unknown, byPlaceholder: Map<string, Buffer>): void {
  if (!isObject(tensor) || typeof tensor.base64 !== 'string') return;
  const bytes = byPlaceholder.get(tensor.base64);
  if (!bytes) return;
  byPlaceholder.delete(tensor.base64);
  const get = () => bytes.toString('base64');
  Object.defineProperty(tensor, 'base64', { get, enumerable: true, configurable: true });
  lifted.set(tensor, bytes);
}

/**
 * The long texts behind keys called `base64`. What comes before a key's first quote shows that the quote opens a text,
 * and so the bytes up to the next quote are a text without any escape, or there is no JSON at all.
 */
function textsOf(body: Buffer, memory: LargeMemory): readonly Text[] {
  const texts: Text[] = [];
  for (let key = body.indexOf(KEY); key >= 0 && texts.length < MAX_TEXTS;) {
    const start = startOfText(body, key);
    const end = start === null ? -1 : body.indexOf('"', start);
    const bytes = start !== null && end - start >= MIN_TEXT_BYTES ? decoded(body, start, end, memory) : null;
    if (start !== null && bytes) texts.push({ start, end, bytes });
    key = body.indexOf(KEY, bytes ? end + 1 : key + KEY.length);
  }
  return texts;
}

/** Null where the key is not one, or its value no text, or written in an unusual way. */
function startOfText(body: Buffer, key: number): number | null {
  const before = body[key - 1];
  if (before !== OPEN && before !== COMMA && before !== SPACE && before !== LINE_END) return null;
  let at = key + KEY.length;
  if (body[at] !== COLON) return null;
  at += 1;
  if (body[at] === SPACE) at += 1;
  return body[at] === QUOTE ? at + 1 : null;
}

/**
 * Null where it is anything but whole groups of digits, at its end filled up with `=`: what would not be written so
 * again.
 */
function decoded(body: Buffer, start: number, end: number, memory: LargeMemory): Buffer | null {
  if ((end - start) % 4 !== 0) return null;
  const padding = body[end - 1] !== EQUALS ? 0 : body[end - 2] !== EQUALS ? 1 : 2;
  // It begins where views of any element type may.
  const bytes = memory.take(((end - start) / 4) * 3 - padding);
  let written = 0;
  for (let at = start; at < end; at += SLICE_BYTES) {
    const digits = body.toString('latin1', at, Math.min(end, at + SLICE_BYTES));
    if (digits.includes('-') || digits.includes('_')) return null; // the decoder takes the digits of URLs as well
    written += bytes.write(digits, written, 'base64');
  }
  // Other characters are passed over by the decoder, and then there are fewer bytes.
  return written === bytes.length && endsAs(bytes, padding, body.toString('latin1', end - 4, end))
    ? bytes
    : null;
}

/** Bits of the last digit that belong to no byte may be set: the decoder passes them over. */
const endsAs = (bytes: Buffer, padding: number, lastGroup: string): boolean =>
  bytes.toString('base64', bytes.length - (3 - padding)) === lastGroup;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
