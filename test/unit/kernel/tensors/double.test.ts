import fc from 'fast-check';
import { doubleFromJson, doubleToJson } from '../../../../src/kernel/tensors/double';

test('every double survives JSON, bit for bit', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const back = doubleFromJson(JSON.parse(JSON.stringify(doubleToJson(value))));
      expect(Object.is(back, value)).toBe(true);
    }),
  );
});

test.each([['1'], ['nan'], [null], [true], [{}], ['constructor']])('%j is no double', (value) => {
  expect(doubleFromJson(value)).toBeNull();
});
