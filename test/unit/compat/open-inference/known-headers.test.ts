import { knownHeader } from '../../../../src/compat/open-inference/known-headers';

const header = (json: object | string) => Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
const inputs = (name: string) => ({ inputs: [{ name, datatype: 'FP32', shape: [1] }] });

test('the same bytes are read once, and others by themselves', () => {
  const first = knownHeader(header(inputs('a')));
  expect(first).toEqual(inputs('a'));
  expect(knownHeader(header(inputs('a')))).toBe(first);
  expect(knownHeader(header(inputs('b')))).toEqual(inputs('b'));
});

test('what has an id is read anew, since it is not sent again', () => {
  const asked = { id: '7', ...inputs('a') };
  const first = knownHeader(header(asked));
  expect(first).toEqual(asked);
  expect(knownHeader(header(asked))).not.toBe(first);
});

test.each([
  ['no JSON', header('{"inputs":')],
  ['no object', header('[1]')],
  ['null', header('null')],
  ['no UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
  ['too long', header({ inputs: 'x'.repeat(2_000) })],
])('%s is left to whoever answers', (_what, bytes) => {
  expect(knownHeader(bytes)).toBeUndefined();
});
