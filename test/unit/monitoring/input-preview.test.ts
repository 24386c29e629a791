import fc from 'fast-check';
import { inputPreview } from '../../../src/monitoring/input-preview';

const shown = (question: Parameters<typeof inputPreview>[0]) =>
  JSON.parse(inputPreview(question) ?? 'null') as unknown;

test('a small question is shown as it is', () => {
  const rows = [{ age: 41, name: 'Ada', nested: [[1, 2.5], [null]], ok: true }];
  expect(shown({ rows })).toEqual(rows);
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
  expect(shown({ inputs })).toEqual(inputs);
});

test('values in bytes are counted', () => {
  const tensor = { name: 'x', datatype: 'FP32', shape: [1, 3] };
  const bytes = new Uint8Array(12);
  expect(shown({ inputs: [{ ...tensor, bytes }] })).toEqual([{ ...tensor, bytes: 12 }]);
  const base64 = Buffer.from(bytes).toString('base64');
  expect(shown({ inputs: [{ ...tensor, base64 }] })).toEqual([{ ...tensor, bytes: 12 }]);
});

test('so are the elements that are no text, beside those that are', () => {
  const tensor = { name: 'x', datatype: 'BYTES', shape: [2] };
  expect(shown({ inputs: [{ ...tensor, data: ['a', Uint8Array.of(0xff, 0xd8)] }] })).toEqual([
    { ...tensor, data: ['a', { bytes: 2 }] },
  ]);
});

test('what JSON has no word for is text', () => {
  expect(shown({ rows: [{ a: NaN, b: -Infinity, c: 2n ** 63n }] })).toEqual([
    { a: 'NaN', b: '-Infinity', c: '9223372036854775808' },
  ]);
});

test('of a large question only the first values are looked at', () => {
  const values = Array.from({ length: 1_000_000 }, (_, at) => at);
  let looks = 0;
  const watched = new Proxy(values, {
    get: (target, name) => {
      if (typeof name === 'string' && /^\d+$/.test(name)) looks += 1;
      return Reflect.get(target, name) as unknown;
    },
  });
  const preview = shown({ inputs: [{ name: 'x', datatype: 'INT64', shape: [1_000_000], data: watched }] });
  expect(preview).toMatchObject([{ data: expect.arrayContaining([0, 1, 2, '…']) }]);
  expect(looks).toBeLessThan(1_000);
});

test('a name that objects have already is a name like others', () => {
  const rows = JSON.parse('[{"__proto__": 1, "constructor": 2}]') as Record<string, unknown>[];
  expect(inputPreview({ rows })).toBe(JSON.stringify(rows));
});

test('whatever is asked, it is JSON of a few thousand characters', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.anything({ maxDepth: 4 })), { maxLength: 50 }),
      (rows) => {
        const text = inputPreview({ rows });
        JSON.parse(text ?? '');
        expect(text?.length).toBeLessThan(20_000);
      },
    ),
  );
});
