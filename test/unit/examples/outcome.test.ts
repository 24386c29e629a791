import { expectMember, expectRefusal, type Outcome } from '../../../examples/penguins/outcome';

type Result = Outcome<'PredictSuccess', { readonly rows: readonly unknown[] }>;
const success: Result = { __typename: 'PredictSuccess', rows: [] };
const refusal: Result = {
  __typename: 'InvalidInputError',
  code: 'INVALID_INPUT',
  message: 'The rows do not fit.',
  issues: [{ path: 'rows[0].sex', expected: 'text', actual: 'number' }],
};

test('the expected member of a union is handed on', () => {
  expect(expectMember<Result, 'PredictSuccess'>(success, 'PredictSuccess').rows).toEqual([]);
  expect(expectRefusal(refusal, 'InvalidInputError').code).toBe('INVALID_INPUT');
});

test('another member is thrown as a sentence with its facts', () => {
  expect(() => expectMember<Result, 'PredictSuccess'>(refusal, 'PredictSuccess')).toThrow(
    'Expected PredictSuccess, but got InvalidInputError (INVALID_INPUT): The rows do not fit.\n' +
      '  rows[0].sex: expected text, got number',
  );
  expect(() => expectRefusal(success, 'InvalidInputError')).toThrow('but got PredictSuccess');
});
