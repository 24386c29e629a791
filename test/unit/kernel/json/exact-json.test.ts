import fc from 'fast-check';
import { isRounded, parseExactly, parseJson } from '../../../../src/kernel/json/exact-json';

test('JSON is read as JSON, whatever stands in its texts', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (json, text) => {
      const body = `{"a":${json},"b":${JSON.stringify(text)}}`;
      expect(parseJson(body)).toEqual(JSON.parse(body));
    }),
  );
});

test('read exactly, only long integers differ: they are texts of their digits', () => {
  const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(
      fc.array(integers),
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (all, text, real) => {
        const body = `{"${'9'.repeat(20)}":[${all.join(', ')}],"text":${JSON.stringify(text)},"real":${real}}`;
        const exact = parseExactly(body) as Record<string, unknown>;
        expect((exact['9'.repeat(20)] as (string | number)[]).map(BigInt)).toEqual(all);
        expect(exact.text).toBe(text);
        expect(Number(exact.real)).toBe(real === 0 ? 0 : real);
      },
    ),
  );
});

test('bare words are texts, and words in texts stay', () => {
  expect(parseJson('{"NaN":[NaN,-Infinity , Infinity],"a":"NaN, \\"-Infinity\\""}')).toEqual({
    NaN: ['NaN', '-Infinity', 'Infinity'],
    a: 'NaN, "-Infinity"',
  });
});

test.each(['nan', '-NaN', '+Infinity', '[NaN', 'NaNNaN', '[NaN]]', '"\\', ''])('%j is refused', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});

test('a rounded number is found at any depth', () => {
  let nested: unknown[] = [2 ** 53];
  for (let depth = 0; depth < 100_000; depth += 1) nested = [1, nested];
  expect(isRounded(nested)).toBe(true);
  expect(isRounded([[1, '9007199254740993'], [2 ** 53 - 1]])).toBe(false);
});

test('the largest bodies end soon, whatever texts are in them', () => {
  const size = 15_000_000;
  const text = 'a'.repeat(size);
  expect(parseJson(`[NaN,"${text}"]`)).toEqual(['NaN', text]);
  expect(() => parseJson(`[NaN,"${'\\"'.repeat(size / 2)}`)).toThrow(SyntaxError);
});
