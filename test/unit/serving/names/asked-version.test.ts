import type { ModelVersion } from '../../../../src/registry/registry';
import { isVersionText, oneOf } from '../../../../src/serving/names/asked-version';

const ASKED = { endpoint: 'scores', version: '2' };
const version = (modelName: string, number = '1.0.1') => {
  const ref = `${modelName}@${number}`;
  return { id: ref, ref, modelName, number, ordinal: 2 } as unknown as ModelVersion;
};

test('one version is the one that is meant, however many variants lead to it', () => {
  expect(oneOf([version('a'), version('a')], ASKED)).toMatchObject({ ref: 'a@1.0.1' });
  expect(oneOf([], ASKED)).toBeNull();
});

test('versions of several models that are called alike are refused with all of them, and what to ask for', () => {
  expect(oneOf([version('a'), version('b'), version('a')], ASKED)).toMatchObject({
    code: 'INVALID_INPUT',
    message:
      'The endpoint “scores” has versions of several models, and 2 is a@1.0.1 and b@1.0.1. Ask for the one that is ' +
      'meant by its reference, such as a@1.0.1, in place of the number or of the endpoint.',
  });
});

test('of many that are called alike the sentence names some', () => {
  const refused = oneOf(
    [...'abcdefgh'].map((name) => version(name)),
    ASKED,
  );
  expect(refused).toMatchObject({ message: expect.stringContaining('d@1.0.1 and 4 more.') as string });
});

test.each([
  ['1.0.0', true],
  ['7', true],
  ['0', false],
  ['1.0', false],
  ['latest', false],
  ['a@1.0.0', false],
])('%s is a number or an ordinal: %s', (text, expected) => {
  expect(isVersionText(text)).toBe(expected);
});
