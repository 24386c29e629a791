import { sequenceOf } from '../../../../src/compat/open-inference/sequence';
import { InputCheck } from '../../../../src/kernel/input-check';

const read = (parameters: Record<string, unknown>) => {
  const check = new InputCheck();
  return { sequence: sequenceOf(parameters, check), message: check.result()?.message };
};

test.each([[{}], [{ sequence_id: 0 }], [{ sequence_id: '', sequence_start: true }], [{ sequence_id: null }]])(
  '%j is no sequence',
  (parameters) => expect(read(parameters)).toEqual({ sequence: null }),
);

test.each<[unknown]>([[1], [2 ** 53 - 1], [2n ** 63n - 1n], ['a'], ['0'], ['x'.repeat(128)]])(
  'an id may be %p',
  (id) => {
    expect(read({ sequence_id: id })).toEqual({ sequence: { id, start: false, end: false } });
    expect(read({ sequence_id: id, sequence_start: true, sequence_end: true })).toEqual({
      sequence: { id, start: true, end: true },
    });
  },
);

test.each<[unknown]>([
  [-1],
  [1.5],
  [2 ** 53],
  [true],
  [{}],
  [2n ** 63n],
  [-(2n ** 60n)],
  ['x'.repeat(129)],
  ['\ud800'],
])('an id is never %p', (id) =>
  expect(read({ sequence_id: id }).message).toMatch(
    'parameters.sequence_id: expected a whole number from 0 on, in JSON up to 2^53, or a text of at most 128 characters, got',
  ),
);

test('what begins and ends it is true or false', () =>
  expect(read({ sequence_id: 1, sequence_start: 1 }).message).toMatch(
    'parameters.sequence_start: expected true or false, got 1',
  ));
