import { readInferRequest } from '../../../../src/compat/open-inference/infer-request';
import { Refused } from '../../../../src/compat/open-inference/refused';

/** A whole number that a double does not hold, so that the body is read digit by digit. */
const WIDE = '9007199254740993';
const input = `{"name":"x","datatype":"INT64","shape":[1],"data":[${WIDE}]}`;
const read = (body: string) => readInferRequest({ bytes: Buffer.from(body), jsonLength: null });

test('a wide integer is read digit by digit', () => {
  expect(read(`{"inputs":[${input}]}`)).toMatchObject({ inputs: [{ data: [WIDE] }] });
});

test.each([
  ['nested deeper', `${'['.repeat(150)}${']'.repeat(150)}`, 'Nested deeper than 100 levels.'],
  ['longer numbers', '1'.repeat(2_000), 'Unexpected token "1"'],
])('beside a wide integer, %s than can be read digit by digit is the caller’s error', (_what, value, why) => {
  const refused = read(`{"inputs":[${input}],"parameters":{"a":${value}}}`);
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ status: 400, message: expect.stringContaining(why) });
});

test('many inputs with wide integers cost one reading more of the body, and not one each', () => {
  const inputs = Array<string>(1_000).fill(input).join();
  const body = `{"inputs":[${inputs}],"id":"${'\\n'.repeat(2_000_000)}"}`; // half a minute, where it is one each
  const request = read(body);
  expect(request instanceof Refused ? 0 : request.inputs.length).toBe(1_000);
});
