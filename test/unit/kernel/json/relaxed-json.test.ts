import fc from 'fast-check';
import { mayBeRounded, parseExactJson, parseRelaxedJson } from '../../../../src/kernel/json/relaxed-json';

const BEYOND = { special: Number, wideInteger: BigInt };
const parse = (text: string) => parseExactJson(text, BEYOND);
/** Takes the way of what is not plain JSON: a bare NaN is the first thing in it. */
const parseBare = (json: string) => (parse(`[NaN,${json}]`) as unknown[])[1];

test('bare NaN and infinities are numbers, and the same words in texts stay texts', () => {
  expect(parse('{"a": [NaN, Infinity, -Infinity, 1.5], "b": "NaN, -Infinity", "c": {"NaN": null}}')).toEqual({
    a: [NaN, Infinity, -Infinity, 1.5],
    b: 'NaN, -Infinity',
    c: { NaN: null },
  });
});

test('whole numbers beyond 2^53 are kept, where they matter', () => {
  const text = '{"a": [9007199254740993, -9223372036854775808, 18446744073709551615, 9007199254740991]}';
  expect(parse(text)).toEqual({
    a: [9007199254740993n, -9223372036854775808n, 18446744073709551615n, 9007199254740991],
  });
  expect(mayBeRounded(text)).toBe(true);
  expect(parseRelaxedJson(text, BEYOND)).toEqual(JSON.parse(text));
});

test.each(['0.1234567890123456789', '1234567890123456.5', '12345678901234567e3', '123456789012345678901234'])(
  '%s is an ordinary number',
  (text) => expect(parse(`[${text}]`)).toEqual([Number(text)]),
);

test('every JSON document is read as the engine reads it', () => {
  fc.assert(
    fc.property(fc.json({ depthSize: 'medium' }), fc.constantFrom('', ' ', '\n\t'), (json, blank) => {
      const value = parseBare(`${blank}${json}${blank}`);
      const nearest = (_name: string, part: unknown) => (typeof part === 'bigint' ? Number(part) : part);
      expect(JSON.stringify(value, nearest)).toBe(JSON.stringify(JSON.parse(json)));
    }),
  );
});

test('what is cut off or spoilt anywhere is refused', () => {
  const text = String.raw`{"a": [NaN, -1.5e+3, "x\"\\", true, false, null, {}], "b": []}`;
  for (let length = 0; length < text.length; length += 1)
    expect(() => parse(text.slice(0, length))).toThrow(SyntaxError);
});

test.each([
  '-NaN',
  'nan',
  'Inf',
  '+1',
  '.5',
  '1.',
  '01',
  '1e',
  "'a'",
  '[1,]',
  '[1 2]',
  '{"a":1,}',
  '{"a" 1}',
  '{a:1}',
  'tru',
  '"\n"',
  String.raw`"\x"`,
  '1 2',
  '',
])('%j is refused', (text) => {
  expect(() => parseBare(text)).toThrow(SyntaxError);
});

test('names of Object.prototype are names like others', () => {
  const value = parse('{"__proto__": NaN, "constructor": 1}') as object;
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
});

test('the largest bodies end soon, in numbers, quotes, blanks or depth', () => {
  const size = 4_000_000;
  expect(parseBare(`"${'\\"'.repeat(size)}"`)).toHaveLength(size);
  expect(() => parseBare('9'.repeat(size))).toThrow(SyntaxError);
  expect(parseRelaxedJson(`[${'9'.repeat(size)}]`, BEYOND)).toEqual([Infinity]);
  expect(parseBare(`${' '.repeat(size)}1`)).toBe(1);
  expect(() => parseBare('['.repeat(size))).toThrow('Nested deeper than 100 levels');
});

test('texts that do not end, of any kind, are refused as soon as they are read', () => {
  const size = 4_000_000;
  for (const piece of ['\\"', 'a', '\\\\', '"', '","'])
    expect(() => parseRelaxedJson(`[NaN,"${piece.repeat(size)}`, BEYOND)).toThrow(SyntaxError);
});
