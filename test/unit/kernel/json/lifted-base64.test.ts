import fc from 'fast-check';
import { liftedBytes, parseLifted } from '../../../../src/kernel/json/lifted-base64';
import { LargeMemory } from '../../../../src/kernel/large-memory';

const memory = new LargeMemory();
const lift = (body: Buffer) => parseLifted(body, memory);

const values = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * 7) % 256));
const tensor = (base64: string) => ({ name: 'x', datatype: 'UINT8', shape: [60_000], base64 });
const asked = (input: unknown) => ({ query: 'mutation {…}', variables: { input } });
const bytesOf = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** What every reader must see: the same as ever, whether anything was lifted or not. */
function parsedAsEver(body: Buffer): unknown {
  const request = lift(body);
  expect(request).toEqual(JSON.parse(body.toString()));
  return request;
}

const firstInput = (request: unknown) =>
  (request as { variables: { input: { inputs: readonly unknown[] } } }).variables.input.inputs[0];

test('the bytes of a large tensor are there without its text, which whoever asks for it still gets', () => {
  const base64 = values.toString('base64');
  for (const body of [
    bytesOf(asked({ endpoint: 'ä', inputs: [tensor(base64)] })),
    Buffer.from(JSON.stringify(asked({ inputs: [tensor(base64)] }), null, 1)),
  ]) {
    const input = firstInput(lift(body));
    expect(liftedBytes(input)).toEqual(values);
    expect((liftedBytes(input)?.byteOffset ?? 1) % 16).toBe(0);
    parsedAsEver(body);
  }
});

test('tensors are found as variables, in lists, and in each of many questions', () => {
  const one = tensor(values.toString('base64'));
  const variables = { one, list: [one, one], input: { predictions: [{ inputs: [one] }, { inputs: [one] }] } };
  const request = parsedAsEver(bytesOf({ query: '…', variables })) as { variables: typeof variables };
  const { list, input } = request.variables;
  const all = [request.variables.one, ...list, ...input.predictions.flatMap(({ inputs }) => inputs)];
  expect(all.map((found) => liftedBytes(found)?.equals(values))).toEqual([true, true, true, true, true]);
});

test.each([1, 2, 3])('a text whose bytes are no multiple of three (%d over) is lifted whole', (over) => {
  const bytes = values.subarray(0, 30_000 + over);
  const request = parsedAsEver(bytesOf(asked({ inputs: [tensor(bytes.toString('base64'))] })));
  expect(liftedBytes(firstInput(request))).toEqual(bytes);
});

test('where a text is anything but plain base64 of a tensor, nothing is lifted and nothing is lost', () => {
  const base64 = values.toString('base64');
  const unusual = [
    asked({ inputs: [tensor(`${base64.slice(0, 9_999)} ${base64.slice(10_000)}`)] }),
    asked({ inputs: [tensor(`${base64.slice(0, 9_999)}ä${base64.slice(10_000)}`)] }),
    asked({ inputs: [tensor(`${base64.slice(0, 9_996)}AA==${base64.slice(10_000)}`)] }),
    asked({ inputs: [tensor(base64.slice(0, -1))] }),
    asked({ rows: [{ base64 }] }),
    asked({ inputs: [{ ...tensor(base64), base64: { base64 } }] }),
    { query: `{"base64":"${base64}"}`, variables: {} },
    { base64, query: '…' },
    [asked({ inputs: [tensor(base64)] })],
    JSON.stringify(asked({ inputs: [tensor(base64)] })).replace('A', '\\u0041'),
    `{"variables":{"input":{"inputs":[{"base64":"${base64}","base64":"again"}]}}}`,
    `{"variables":{"a\\"base64":"${base64}"}}`,
    asked({ inputs: [tensor(base64.replaceAll('+', '-'))] }), // the digits of URLs
    asked({ inputs: [tensor(base64.replaceAll('/', '_'))] }),
    asked({ inputs: [tensor(`${base64.slice(0, -2)}/=`)] }), // bits that belong to no byte
    asked({ inputs: [tensor(`${base64.slice(0, -3)}/==`)] }),
  ];
  for (const body of unusual) {
    const request = parsedAsEver(bytesOf(body));
    expect(JSON.stringify(request)).toBe(JSON.stringify(JSON.parse(bytesOf(body).toString())));
  }
});

test('a body that is not JSON is refused in the words of JSON.parse', () => {
  const base64 = values.toString('base64');
  for (const text of [
    `{"variables":{"input":{"inputs":[{"base64":"${base64}`,
    `{"variables":{"input":{"inputs":[{"base64":"${base64}"]}}}`,
    `{"a":"x"base64":"${base64}"}`,
    `{"a":"{"base64":"${base64}"}`,
  ]) {
    const wanted = (): unknown => JSON.parse(text);
    let message = '';
    try {
      wanted();
    } catch (error) {
      ({ message } = error as SyntaxError);
    }
    expect(message).not.toBe('');
    expect(() => lift(Buffer.from(text))).toThrow(new SyntaxError(message));
  }
});

test('whatever is done to a body, it is read as JSON.parse reads it', () => {
  const body = JSON.stringify(asked({ endpoint: 'e', inputs: [tensor(values.toString('base64'))] }));
  const read = (parse: () => unknown): unknown => {
    try {
      return parse();
    } catch (error) {
      return (error as SyntaxError).message;
    }
  };
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: body.length }),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('', '"', '\\', '{', ' ', '=', '"base64":"', '\u0000', 'A', '-', '_', '€'),
      (at, removed, added) => {
        const changed = body.slice(0, at) + added + body.slice(at + removed);
        const bytes = Buffer.from(changed);
        expect(read(() => lift(bytes))).toEqual(read(() => JSON.parse(changed) as unknown));
      },
    ),
    { numRuns: 150 },
  );
});
